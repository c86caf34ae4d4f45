"""The press: bodies in little room. Zstandard with a dictionary of what documents of stores have in common.

A frame names the dictionary it was pressed with (none: number 0), so a newer one may join and none may ever leave or
change: what was pressed with it could not be read any more. ``tools/body_dictionary.py`` makes one from recordings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import zstandard

from crossdock.errors import Trouble

LARGEST: Final = 64 << 20
"""Bytes of a body that is unpressed at most."""
_LEVEL = 1
_NEWEST = 40_001
"""Above 32,767, which zstandard keeps for a register of its own."""


def _dictionaries() -> dict[int, zstandard.ZstdCompressionDict]:
    files = sorted(Path(__file__).parent.glob("press_*.zdict"))
    known = [zstandard.ZstdCompressionDict(path.read_bytes()) for path in files]
    return {one.dict_id(): one for one in known}


class Press:
    """Presses and unpresses the bodies of one process; not for several threads at once."""

    def __init__(self) -> None:
        known = _dictionaries()
        known[_NEWEST].precompute_compress(level=_LEVEL)
        self.press = zstandard.ZstdCompressor(level=_LEVEL, dict_data=known[_NEWEST]).compress
        """Press a body."""
        self._readers = {number: zstandard.ZstdDecompressor(dict_data=one) for number, one in known.items()}
        self._readers[0] = zstandard.ZstdDecompressor()

    def unpress(self, pressed: bytes) -> bytes:
        """Return the body again. Raises :class:`Trouble` for one of a newer version of the hub."""
        number = zstandard.get_frame_parameters(pressed).dict_id
        reader = self._readers.get(number)
        if reader is None:
            raise Trouble(
                f"a body was pressed with dictionary {number}, which this version does not have",
                remedy="run the newest version of the hub that has worked with this database",
            )
        return reader.decompress(pressed, max_output_size=LARGEST)
