"""The HTTP door for programs: raw routes for what is hot (webhooks, events), FastAPI for the rest."""

from crossdock.api.app import build_app

__all__ = ["build_app"]
