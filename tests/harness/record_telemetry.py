"""Record the telemetry of all samples, to compare two checkouts.

Spans, span events and metric points of every installed SDK are recorded.

    python tests/harness/record_telemetry.py record ROOT OUT.json    # once in each checkout, with the same environment
    python tests/harness/record_telemetry.py diff BEFORE.json AFTER.json

Times, identifiers and addresses differ from run to run and are replaced; values of histograms of time are left out, their
number is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

VARIES = re.compile(r"duration|time_to|waited|\.port$|resend|time_per")


def _plain(attributes: Any) -> dict[str, Any]:
    return {key: "~" if VARIES.search(key) else value for key, value in sorted((attributes or {}).items())}


def _shown(seen: Any) -> dict[str, Any]:
    spans = [
        [s.name, s.status.status_code.name, _plain(s.attributes), [[e.name, _plain(e.attributes)] for e in s.events]] for s in seen.spans()
    ]
    points = {}
    for name, found in seen.metrics().items():
        points[name] = sorted(([_plain(p.attributes), *_numbers(name, p)] for p in found), key=str)
    return {"spans": spans, "points": points}


def _numbers(name: str, point: Any) -> list[Any]:
    exemplars = len(getattr(point, "exemplars", None) or ()) > 0
    if not hasattr(point, "bucket_counts"):
        return ["~" if VARIES.search(name) else point.value]
    if VARIES.search(name):
        return [point.count, exemplars, len(point.bucket_counts)]
    return [point.count, exemplars, point.sum, list(point.bucket_counts), point.min, point.max]


def record(root: Path) -> dict[str, Any]:
    """Return what each sample makes, answered and refused, plain and asynchronous."""
    os.chdir(root / "tests")
    sys.path[:0] = [str(root / "tests"), str(root / "examples"), str(root / "src")]
    import pytest

    import calls
    from conftest import Seen, StandIn
    from contract.driving import run
    from opentelemetry.instrumentation.llm import LLMInstrumentor

    found = {}
    with StandIn() as stand_in:
        for sample in calls.read():
            for mode in ("sync", "async"):
                for kind, url in (("answered", stand_in.url), ("refused", f"{stand_in.url}/scenario/error-429")):
                    seen = Seen()
                    seen.instrument()
                    with contextlib.suppress(Exception, pytest.skip.Exception):
                        run(
                            sample,
                            mode,
                            url,
                            lambda result, stream=sample.stream: list(result) if stream and hasattr(result, "__iter__") else result,
                        )
                    if seen.spans() or seen.metrics():
                        found[f"{sample.id} {mode} {kind}"] = _shown(seen)
                    LLMInstrumentor().uninstrument()
                    seen.close()
    return found


def differences(before: Any, after: Any, where: str = "") -> list[str]:
    """Return each place where two records differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [d for key in sorted({*before, *after}) for d in differences(before.get(key), after.get(key), f"{where} / {key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            d for number, (one, other) in enumerate(zip(before, after, strict=True)) for d in differences(one, other, f"{where}[{number}]")
        ]
    return [] if before == after else [f"{where}: {before!r} became {after!r}"]


def main() -> None:
    """Record or compare."""
    warnings.simplefilter("ignore")
    if sys.argv[1] == "record":
        Path(sys.argv[3]).write_text(json.dumps(record(Path(sys.argv[2]).resolve()), default=str))
        return
    before, after = (json.loads(Path(name).read_text()) for name in sys.argv[2:4])
    found = differences(before, after)
    sys.stdout.write("".join(f"{line}\n" for line in found) + f"{len(before)} and {len(after)} records, {len(found)} differences\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
