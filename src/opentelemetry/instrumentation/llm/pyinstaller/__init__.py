"""PyInstaller hooks for modules and data that it cannot find by itself.

Tables of SDKs are imported by name, and prices are a data file. The entry point is ``pyinstaller40``.
"""

from __future__ import annotations

from pathlib import Path


def hook_directories() -> list[str]:
    """Return where the hooks are."""
    return [str(Path(__file__).parent)]
