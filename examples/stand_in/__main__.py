"""Run the stand-in server as a process.

It prints its URL on the first line, then serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import signal
import threading

from .scenarios import SCENARIOS
from .server import StandIn


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="stand_in", description="A local stand-in server for LLM providers: fixed responses, not a model."
    )
    parser.add_argument("--port", type=int, default=0, help="0 selects a free port")
    parser.add_argument("--scenarios", action="store_true", help="list the scenarios and exit")
    arguments = parser.parse_args()
    if arguments.scenarios:
        for name, scenario in SCENARIOS.items():
            print(f"{name:20} {scenario.about}")
        return
    asked_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_stop.set())
    with StandIn(port=arguments.port) as server:
        print(server.url, flush=True)
        asked_to_stop.wait()


if __name__ == "__main__":
    main()
