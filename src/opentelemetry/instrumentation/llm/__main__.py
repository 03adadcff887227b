"""Run the doctor from the command line.

``python -m opentelemetry.instrumentation.llm [--json] [--offline | --send] [SDK ...]``. The exit status is 0 if no problem
is found, 1 if a problem is found, and 2 for a wrong argument. ``new-sdk NAME`` writes the files of a new SDK instead.
"""

from __future__ import annotations

import argparse
import json
import sys

from .doctor import WAIT_SECONDS, examine


def main(arguments: list[str] | None = None) -> int:
    """Examine, print, and return the exit status: 0 if no problem is found, else 1."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["new-sdk"]:
        from . import scaffold

        return scaffold.main(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="python -m opentelemetry.instrumentation.llm",
        description="Report which LLM SDKs are instrumented, where telemetry is exported, and how to solve each problem.",
        epilog="Exit status: 0 no problem, 1 a problem was found, 2 wrong arguments. Notes are no problems. `new-sdk --help` is for contributors.",
    )
    parser.add_argument("sdk", nargs="*", help="examine only these SDKs or providers, such as openai (default: all)")
    parser.add_argument("--json", action="store_true", help="print everything that was found as JSON")
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--offline", action="store_true", help="do not connect to the endpoints of exporters")
    network.add_argument("--send", action="store_true", help="send a test span, metric and log record through the exporters")
    parser.add_argument("--wait", type=float, default=WAIT_SECONDS, metavar="SECONDS", help="how long the import of one SDK may take")
    chosen = parser.parse_args(arguments)
    try:
        report = examine(chosen.wait, chosen.sdk, chosen.offline, chosen.send)
    except ValueError as unknown:
        parser.error(str(unknown))
    sys.stdout.write((json.dumps(report.as_json(), indent=2) if chosen.json else report.for_stream(sys.stdout)) + "\n")
    return 0 if report.healthy else 1


if __name__ == "__main__":
    sys.exit(main())
