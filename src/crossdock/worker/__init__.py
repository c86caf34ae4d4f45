"""The loops that do the work: pumps, runs, doorbells, hints, housekeeping. Any number of processes."""

from crossdock.worker.housekeeping import Housekeeping
from crossdock.worker.loops import Worker

__all__ = ["Housekeeping", "Worker"]
