"""Write the dashboards and the rules from the table of metrics.

``python dashboards/generate.py`` writes the files; with ``--check`` it only compares them.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

from panels import DASHBOARDS, Dashboard, dashboard
from rules import alerting, recording

HERE = Path(__file__).parent


def _written(about: Dashboard) -> str:
    return json.dumps(dashboard(about), indent=2) + "\n"


FILES = {
    **{about.file: partial(_written, about) for about in DASHBOARDS},
    "prometheus-rules.yml": recording,
    "prometheus-alerts.yml": alerting,
}


def main(check: bool) -> int:
    """Write or compare every file; return how many differ."""
    stale = [name for name, make in FILES.items() if not (HERE / name).exists() or (HERE / name).read_text() != make()]
    for name in stale:
        if check:
            print(f"dashboards/{name} does not match the metrics; run python dashboards/generate.py")
        else:
            (HERE / name).write_text(FILES[name]())
    return len(stale) if check else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
