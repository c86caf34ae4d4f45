"""The HTTP door for people."""

from crossdock.web.status import StatusPage

__all__ = ["StatusPage"]
