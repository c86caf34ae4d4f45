"""What a destination holds now of the records that plans speak of, found as the write itself would find them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crossdock.connect.connector import Destination, Seeker
from crossdock.model.plan import Verb, Write

Name = tuple[str, str]
"""(object, our key)."""
Values = Mapping[str, str | None]


async def standing(
    destination: Destination, writes: Iterable[Write], links: Mapping[Name, str]
) -> dict[Name, tuple[str, Values]] | None:
    """Return (record id, properties) by (object, our key): by link, else by what the write is found by.

    None for a destination that cannot be asked. Raises ``CallFailed``.
    """
    if not isinstance(destination, Seeker):
        return None
    by_id: dict[str, dict[str, list[Name]]] = {}
    by_match: dict[Name, dict[str, list[Name]]] = {}
    for write in writes:
        if write.verb is not Verb.UPSERT:
            continue
        name = (write.object, write.key)
        linked = links.get(name)
        if linked is not None:
            by_id.setdefault(write.object, {}).setdefault(linked, []).append(name)
        elif write.match is not None:
            place = (write.object, write.match[0])
            by_match.setdefault(place, {}).setdefault(write.match[1].lower(), []).append(name)
    found: dict[Name, tuple[str, Values]] = {}
    for object_name, wanted in sorted(by_id.items()):
        rows = await destination.sought(object_name, None, sorted(wanted))
        # a person with further addresses comes once for each; the last is by the first address
        last = {row.external_id: row.properties for row in rows}
        found |= {one: (linked, last[linked]) for linked, names in wanted.items() if linked in last for one in names}
    for (object_name, field), wanted in sorted(by_match.items()):
        rows = await destination.sought(object_name, field, sorted(wanted))
        for row in rows:
            for one in wanted.get((row.properties.get(field) or "").lower(), ()):
                found[one] = (row.external_id, row.properties)
    return found
