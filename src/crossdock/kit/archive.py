"""Archives whose bytes follow from their contents alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MOMENT = (2026, 1, 1, 0, 0, 0)
"""The time that every entry carries."""

FILE_MODE = 0o100644


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of files by name: sorted, of one time and mode.

    The entries are stored, not deflated: what a deflater makes differs from one version of zlib to the next.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.create_system = 3
            entry.external_attr = FILE_MODE << 16
            archive.writestr(entry, files[name])
    return out.getvalue()
