"""Records and people as they are looked for: the same for programs, pages and the command line."""

from crossdock.govern.records.finder import FIRST, Asked, Finder, Stored, StoreNamed, Stores
from crossdock.govern.records.guests import Guest, Guests, account_of

__all__ = ["FIRST", "Asked", "Finder", "Guest", "Guests", "StoreNamed", "Stored", "Stores", "account_of"]
