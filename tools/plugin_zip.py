"""Write the WordPress plugin's ZIP and say what it is.

Usage: ``python tools/plugin_zip.py [FILE or FOLDER]`` (default: dist/crossdock.zip).
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from crossdock.connect.plugin_package import build, version

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Build to the place that is named."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "crossdock.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    made = build(target)
    body = made.read_bytes()
    print(f"{made}  version {version()}, {len(body)} bytes, sha256 {hashlib.sha256(body).hexdigest()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
