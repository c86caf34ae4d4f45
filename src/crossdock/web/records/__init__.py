"""What the pages of records share: what an address asks for, and the story of one record put together."""
