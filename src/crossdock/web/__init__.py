"""The HTTP door for people: pages, rendered here, that need no scripts."""

from crossdock.web.door import page_routes

__all__ = ["page_routes"]
