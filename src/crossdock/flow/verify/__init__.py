"""verify: is an arrival what it claims to be? Nothing unverified is parsed further."""

from crossdock.flow.verify.hearing import Hearing
from crossdock.flow.verify.refusals import Refusals
from crossdock.flow.verify.signature import verify

__all__ = ["Hearing", "Refusals", "verify"]
