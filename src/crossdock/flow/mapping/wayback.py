"""Which fields a way back writes, decided field by field. Pure.

A field goes back when it still holds what the mapping that was left wrote: to what the mapping that acts again says of
it, else to what stood there before. Whatever somebody has changed since is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from crossdock.flow.deliver.standing import Values

Equal = Callable[[str, str, str | None, str | None], bool]


class Field(msgspec.Struct, frozen=True):
    """One field's fate: restored, changed-since (left alone), or unknown (left alone: nobody knows what stood)."""

    name: str
    effect: str
    before: str | None
    after: str | None


def decide(
    object_name: str,
    *,
    wrote: Sequence[Values],
    now: Values,
    again: Values | None,
    former: Values | None,
    equal: Equal,
) -> list[Field]:
    """Return the fields of one record that do not stand as they should, with what becomes of each.

    ``wrote``: what the hub may have written last: by the last delivery, or by an earlier way back. ``again``: what the
    mapping that acts again writes of it (None: it cannot tell). ``former``: what stood before (None: nobody knows).
    """
    found = []
    for name in sorted({name for values in wrote for name in values}):
        stands = now.get(name)
        if again is None or (name not in again and former is None):
            found.append(Field(name, "unknown", stands, None))
            continue
        # what the mapping that acts again leaves alone goes back to what stood there before
        target = again[name] if name in again else (former or {}).get(name)
        if equal(object_name, name, target, stands):
            continue
        ours = any(name in values and equal(object_name, name, values[name], stands) for values in wrote)
        effect = "restored" if ours else "changed-since"
        found.append(Field(name, effect, stands, target or ""))
    return found


def properties(fields: list[Field]) -> Mapping[str, str | None]:
    """Return what is written."""
    return {field.name: field.after for field in fields if field.effect == "restored"}
