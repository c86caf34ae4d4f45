"""Crossdock: a self-hosted integration hub for shops and the systems around them."""
