"""OAuth 2.0: the hub as vendors' apps, what people granted it, and how that is kept good."""
