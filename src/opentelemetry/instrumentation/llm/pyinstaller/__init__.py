"""Tell PyInstaller what it cannot find by itself: tables are imported by name, prices are data. Entry point ``pyinstaller40``."""

from __future__ import annotations

from pathlib import Path


def hook_directories() -> list[str]:
    """Return where the hooks are."""
    return [str(Path(__file__).parent)]
