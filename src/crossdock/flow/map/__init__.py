"""The step *map*: a tenant's versioned field rules turn a canonical entity into a destination's objects. Pure.

``compile_mapping`` checks a mapping once and returns a function that is cheap to call for every delivery.
"""

from crossdock.flow.map.engine import compile_mapping
from crossdock.flow.map.failures import MappingFailed, MappingInvalid
from crossdock.flow.map.versions import Versions

__all__ = ["MappingFailed", "MappingInvalid", "Versions", "compile_mapping"]
