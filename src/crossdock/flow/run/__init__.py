"""Runs: work on one connection with a lease, a checkpoint and progress, whatever it does."""

from crossdock.flow.run.runs import Run, RunKind, RunLost, Runs

__all__ = ["Run", "RunKind", "RunLost", "Runs"]
