"""The judge: compares the outside world's own state with what the hub should have made of it.

``portal`` judges a shop against a CRM without a look at the hub's tables; ``messages`` what a receiver got; ``writes``
what was asked of a shop; ``ends`` that every delivery of the ledger has an end that can be explained.
"""
