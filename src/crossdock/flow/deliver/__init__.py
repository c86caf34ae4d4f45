"""deliver: one pump per destination connection drains its due deliveries, in order per entity."""

from crossdock.flow.deliver.hints import Hints
from crossdock.flow.deliver.ports import Directory, Limits
from crossdock.flow.deliver.pump import Pump
from crossdock.flow.deliver.replay import Replay

__all__ = ["Directory", "Hints", "Limits", "Pump", "Replay"]
