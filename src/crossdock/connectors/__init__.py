"""The vendors: one folder is one datasheet (manifest, client, mapper, webhook, sandbox)."""
