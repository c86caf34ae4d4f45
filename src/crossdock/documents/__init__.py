"""Invoices as documents: JSON, PDF, UBL 2.1 (Peppol BIS Billing 3) and Factur-X, each checked before it leaves.

``papers`` is the front. The libraries (extra ``crossdock[invoices]``) are loaded only in a child process that is
started when a document is first asked for and ended when nobody asks any more.
"""
