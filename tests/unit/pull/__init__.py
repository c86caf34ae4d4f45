"""Pull: the pure parts."""
