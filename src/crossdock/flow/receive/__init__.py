"""receive: what comes through the HTTP door, before and after it is verified."""

from crossdock.flow.receive.reception import door_of, read_arrivals

__all__ = ["door_of", "read_arrivals"]
