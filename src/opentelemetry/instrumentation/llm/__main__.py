"""``python -m opentelemetry.instrumentation.llm [--json] [SDK ...]``: the doctor. It ends with 1 where something is wrong."""

from __future__ import annotations

import argparse
import json
import sys

from .doctor import WAIT_SECONDS, examine


def main(arguments: list[str] | None = None) -> int:
    """Look, print, and return the exit status: 0 where nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m opentelemetry.instrumentation.llm",
        description="Tell which LLM SDKs are watched, where telemetry goes, what is wrong, and what to do about it.",
    )
    parser.add_argument("sdk", nargs="*", help="look only at these SDKs or providers, such as openai; at all if none is named")
    parser.add_argument("--json", action="store_true", help="print everything that was found as JSON")
    parser.add_argument("--wait", type=float, default=WAIT_SECONDS, metavar="SECONDS", help="how long the import of one SDK may take")
    chosen = parser.parse_args(arguments)
    try:
        report = examine(chosen.wait, chosen.sdk)
    except ValueError as unknown:
        parser.error(str(unknown))
    sys.stdout.write((json.dumps(report.as_json(), indent=2) if chosen.json else report.for_stream(sys.stdout)) + "\n")
    return 0 if report.healthy else 1


if __name__ == "__main__":
    sys.exit(main())
