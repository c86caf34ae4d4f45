"""A real WordPress for tests: Debian's core (or the one that is named), a database server and PHP's own web server."""
