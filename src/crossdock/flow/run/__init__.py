"""Runs: work on one connection with a lease, a checkpoint and progress, whatever it does."""

from crossdock.flow.run.runs import PutOff, Run, RunKind, RunLost, Runs

__all__ = ["PutOff", "Run", "RunKind", "RunLost", "Runs"]
