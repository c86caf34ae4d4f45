"""Mappings as people work with them: both schemas side by side, versions, trials on real records, and ways back."""

from crossdock.flow.mapping.room import Mappings

__all__ = ["Mappings"]
