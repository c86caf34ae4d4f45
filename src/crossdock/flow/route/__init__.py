"""route: which routes take an event, and with which priority."""

from crossdock.flow.route.table import RouteTable

__all__ = ["RouteTable"]
