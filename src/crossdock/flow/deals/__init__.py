"""The room of deals: read live, invoiced by hand, by a run or by a route, and told the number."""

from crossdock.flow.deals.desk import DealDesk, Slice
from crossdock.flow.deals.maker import Maker
from crossdock.flow.deals.route import ByRoute
from crossdock.flow.deals.runs import DealRuns, DealsAsked, Rooms

__all__ = ["ByRoute", "DealDesk", "DealRuns", "DealsAsked", "Maker", "Rooms", "Slice"]
