"""What programs come in with, and what is made and ended for them: keys, tokens, links, tenants."""
