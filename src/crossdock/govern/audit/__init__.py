"""The audit as a chain: chained, verified, looked at, and cut in due form."""

from crossdock.govern.audit.book import Asked, AuditBook
from crossdock.govern.audit.verifier import Flaw, Report

__all__ = ["Asked", "AuditBook", "Flaw", "Report"]
