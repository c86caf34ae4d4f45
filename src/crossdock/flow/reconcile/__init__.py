"""reconcile: compare what the store says, what we recorded and what the destination holds; name gaps and drift."""

from crossdock.flow.reconcile.ports import Expected, Proof, ProofRow
from crossdock.flow.reconcile.prover import Prover

__all__ = ["Expected", "Proof", "ProofRow", "Prover"]
