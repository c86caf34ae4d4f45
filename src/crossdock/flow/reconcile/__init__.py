"""reconcile: compare what the store says, what we recorded and what the destination holds; name gaps and drift."""

from crossdock.flow.reconcile.days import Days
from crossdock.flow.reconcile.ports import Asked, Depth, Expected, Proof, ProofRow
from crossdock.flow.reconcile.prover import Prover
from crossdock.flow.reconcile.reports import Reports

__all__ = ["Asked", "Days", "Depth", "Expected", "Proof", "ProofRow", "Prover", "Reports"]
