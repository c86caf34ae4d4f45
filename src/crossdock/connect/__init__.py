"""The socket: everything a connector needs and nothing a shop or CRM is called."""
