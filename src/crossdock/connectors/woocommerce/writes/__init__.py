"""Carrying out wishes: read what is there, write what differs, believe the answer."""
