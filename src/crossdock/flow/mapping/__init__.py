"""Mappings as people work with them: both schemas side by side, versions, trials on real records, and ways back."""

from crossdock.flow.mapping.desk import MapsNothing, maps
from crossdock.flow.mapping.room import Mappings
from crossdock.flow.mapping.templates import NewTemplate, template_in, template_of
from crossdock.flow.mapping.trial import MOST_RECORDS
from crossdock.flow.mapping.words import Draft, MappingRefused, draft_in, draft_of, exported, record_named
from crossdock.flow.mapping.works import WayBack

__all__ = [
    "MOST_RECORDS",
    "Draft",
    "MappingRefused",
    "Mappings",
    "MapsNothing",
    "NewTemplate",
    "WayBack",
    "draft_in",
    "draft_of",
    "exported",
    "maps",
    "record_named",
    "template_in",
    "template_of",
]
