"""pull: read streams by cursor and answer doorbells. Webhooks ring; the pull is the truth."""

from crossdock.flow.pull.bells import Bells
from crossdock.flow.pull.live import Live
from crossdock.flow.pull.reader import Progress, Reading
from crossdock.flow.pull.schedule import Schedule
from crossdock.flow.pull.turns import Manners, Turns

__all__ = ["Bells", "Live", "Manners", "Progress", "Reading", "Schedule", "Turns"]
