"""Runs: work on one connection with a lease, a checkpoint and progress, whatever it does."""

from crossdock.flow.run.runs import Listing, PutOff, Run, RunKind, RunLost, Runs, Work

__all__ = ["Listing", "PutOff", "Run", "RunKind", "RunLost", "Runs", "Work"]
