"""watch: does a connection still do what it should? Found within minutes, repaired where it can be, its gap filled."""

from crossdock.flow.watch.desk import Shown, Taken, findings_of, health_of
from crossdock.flow.watch.watch import Watch

__all__ = ["Shown", "Taken", "Watch", "findings_of", "health_of"]
