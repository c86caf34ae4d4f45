"""Tools that know nothing of commerce."""
