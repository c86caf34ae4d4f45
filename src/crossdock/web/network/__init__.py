"""What the pages of the network (connections, routes, mappings) work with; nothing here answers a request."""
