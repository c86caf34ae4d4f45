"""deliver: one pump per destination connection drains its due deliveries, in order per entity."""

from crossdock.flow.deliver.hints import Hints
from crossdock.flow.deliver.letters import Filter, Letters
from crossdock.flow.deliver.ports import Directory, Limits
from crossdock.flow.deliver.pump import Pump
from crossdock.flow.deliver.replay import Replay
from crossdock.flow.deliver.replays import Ask, Replays
from crossdock.flow.deliver.waiting import Waiting

__all__ = ["Ask", "Directory", "Filter", "Hints", "Letters", "Limits", "Pump", "Replay", "Replays", "Waiting"]
