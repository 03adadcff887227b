"""Make the pictures of the README from real output.

Start it with ``python docs/pictures/make.py``.

``terminal.svg`` shows the output of ``OTEL_TRACES_EXPORTER=llm_console`` for calls to the local stand-in server.
``dashboard.svg`` shows the panels of ``dashboards/grafana-overview.json``, drawn by this program (Grafana looks different)
from the data of a Prometheus that has scraped ``dashboards/traffic.py``. It needs the program ``prometheus``.
``prometheus.png`` is a page of that Prometheus. It also needs ``chromium``.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import drawing

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "examples")]
STEPS = 60


class Terminal(io.StringIO):
    """A stream that reports itself as a terminal, so that colours are written."""

    def isatty(self) -> bool:
        return True


def terminal() -> str:
    """Trace a few calls and draw the output of the console exporter."""
    import openai
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    from opentelemetry import trace
    from opentelemetry.instrumentation.llm import LLMInstrumentor, with_span
    from opentelemetry.instrumentation.llm.exporters.console_tree import LiveSpanExporter
    from stand_in import StandIn

    printed = Terminal()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(LiveSpanExporter(printed)))
    trace.set_tracer_provider(provider)
    names = {"gpt-4o-mini-cached": "gpt-4o-mini", "o3-mini-reasoning": "o3-mini"}
    LLMInstrumentor().instrument(tracer_provider=provider, model_names=names)
    messages: Any = [{"role": "user", "content": "What is the weather like in Lisbon, and what should I wear tomorrow? " * 20}]
    with StandIn() as server, openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=2) as client:
        slowly = client.with_options(base_url=f"{server.url}/scenario/slow:180+drip:25/v1").chat.completions.create
        oddly = client.with_options(base_url=f"{server.url}/scenario/flaky:429/v1").chat.completions.create
        with with_span("answer a question"):
            client.embeddings.create(model="text-embedding-3-small", input=messages[0]["content"])
            with with_span("plan"):
                slowly(model="o3-mini-reasoning", messages=messages)
                oddly(model="gpt-4o-mini", messages=messages)
            list(slowly(model="gpt-4o-mini-cached", messages=messages, stream=True, stream_options={"include_usage": True}))
        with with_span("check the answer"), suppress(openai.APIStatusError):
            client.chat.completions.create(model="no-such-model@error-404", messages=messages)
    provider.shutdown()
    LLMInstrumentor().uninstrument()
    title = "opentelemetry-instrument python app.py"
    return drawing.terminal(printed.getvalue().rstrip("\n").split("\n"), title)


@contextmanager
def scraped(seconds: float) -> Iterator[tuple[str, float, float]]:
    """Run a Prometheus that scrapes the traffic program.

    Yield its address, and the start and end of the time range.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, str(ROOT / "dashboards" / "traffic.py"), "--port", "0", "--pause", "0.1"]
        traffic = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert traffic.stdout
        target = urllib.parse.urlsplit(traffic.stdout.readline().strip()).netloc
        jobs = [{"job_name": "llm", "static_configs": [{"targets": [target]}]}]
        configuration = Path(place) / "prometheus.yml"
        configuration.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
        prometheus = subprocess.Popen([
            "prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={place}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ])  # fmt: skip
        try:
            begin = time.time() + 20  # by then it has found its target, and rates have a complete window
            time.sleep(20 + seconds)
            yield f"http://127.0.0.1:{port}", begin, time.time()
        finally:
            for process in (traffic, prometheus):
                process.terminate()
                process.wait(20)


def series(address: str, panel: dict[str, Any], begin: float, end: float) -> list[drawing.Series]:
    """Run the queries of a panel, and name the results like the panel."""
    found = []
    for target in panel["targets"]:
        query = target["expr"].replace("$__rate_interval", "10s").replace("$__range", f"{end - begin:.0f}s")
        for name in ("$job", "$service", "$instance", "$provider", "$model"):
            query = query.replace(name, ".*")
        query = query.replace("$budget", "10")
        parameters = urllib.parse.urlencode({"query": query, "start": begin, "end": end, "step": (end - begin) / STEPS})
        with urllib.request.urlopen(f"{address}/api/v1/query_range?{parameters}", timeout=30) as answer:
            rows = json.load(answer)["data"]["result"]
        for row in rows:
            name = target["legendFormat"]
            for label, value in row["metric"].items():
                name = name.replace(f"{{{{{label}}}}}", value)
            found.append((name, [(at, float(value)) for at, value in row["values"] if value != "NaN"]))
    return [(name, points) for name, points in found if points]


def dashboard(address: str, begin: float, end: float) -> str:
    """Draw every panel of the dashboard."""
    overview = json.loads((ROOT / "dashboards" / "grafana-overview.json").read_text())
    return drawing.dashboard(
        overview["title"], [(panel, series(address, panel, begin, end)) for panel in overview["panels"] if panel["type"] != "row"]
    )


def page(address: str, into: Path) -> None:
    """Take a screenshot of the Prometheus page with the output tokens by model."""
    query = "sum by (model) (rate(ex_llm_tokens_output_total[15s]))"
    parameters = urllib.parse.urlencode({"g0.expr": query, "g0.tab": 0, "g0.range_input": "1m"})
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run([
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars", f"--user-data-dir={profile}",
            "--window-size=1000,890", "--virtual-time-budget=8000", f"--screenshot={into}", f"{address}/classic/graph?{parameters}",
        ], check=True, capture_output=True, timeout=120)  # fmt: skip
    if find_spec("PIL"):
        from PIL import Image

        # 48 colours are enough for text and lines, and need a third of the bytes.
        Image.open(into).convert("RGB").quantize(48).save(into, optimize=True)


def main() -> None:
    """Make all pictures for which the programs are installed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--into", type=Path, default=HERE, help="the directory of the pictures")
    parser.add_argument("--seconds", type=float, default=60, help="how long Prometheus scrapes; 0 skips its pictures")
    chosen = parser.parse_args()
    (chosen.into / "terminal.svg").write_text(terminal())
    if not chosen.seconds or shutil.which("prometheus") is None:
        print("dashboard.svg was not made: it needs the program prometheus and --seconds over 0")
        return
    with scraped(chosen.seconds) as (address, begin, end):
        (chosen.into / "dashboard.svg").write_text(dashboard(address, begin, end))
        if shutil.which("chromium") is None:
            print("prometheus.png was not made: it needs chromium")
        else:
            page(address, chosen.into / "prometheus.png")


if __name__ == "__main__":
    main()
