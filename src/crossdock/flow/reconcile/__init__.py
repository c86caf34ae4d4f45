"""reconcile: compare what the store says, what we recorded and what the destination holds; name gaps and drift."""

from crossdock.flow.reconcile.ports import Days, Expected, Proof, ProofRow
from crossdock.flow.reconcile.prover import Prover
from crossdock.flow.reconcile.reports import Reports

__all__ = ["Days", "Expected", "Proof", "ProofRow", "Prover", "Reports"]
