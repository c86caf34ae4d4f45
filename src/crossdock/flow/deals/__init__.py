"""The room of deals: read live, invoiced by hand, by a run or by a route, and told the number."""

from crossdock.flow.deals.desk import DealDesk, Slice

__all__ = ["DealDesk", "Slice"]
