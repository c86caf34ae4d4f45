"""Roll-ups: what happened by day and hour, and how every connection does now, without looking at what waits."""

from crossdock.govern.rollups.keeping import Rollups
from crossdock.govern.rollups.shown import Slice, rows_of, slice_of, status_of

__all__ = ["Rollups", "Slice", "rows_of", "slice_of", "status_of"]
