"""What both sides of a mapping have: the hub's words with what records hold, and a destination's objects and fields."""

from crossdock.flow.schema.desk import Schemas
from crossdock.flow.schema.shown import shown
from crossdock.flow.schema.words import WORDS, word_fields

__all__ = ["WORDS", "Schemas", "shown", "word_fields"]
