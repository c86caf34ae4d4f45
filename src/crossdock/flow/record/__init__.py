"""record: append one immutable event and move the entity's record, under the record's row lock."""

from crossdock.flow.record.intake import Intake, IntakeLimits
from crossdock.flow.record.ledger import Ledger
from crossdock.flow.record.parcel import Parcel, Receipt, Verdict
from crossdock.flow.record.tally import Tally

__all__ = ["Intake", "IntakeLimits", "Ledger", "Parcel", "Receipt", "Tally", "Verdict"]
