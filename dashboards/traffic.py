"""Generate traffic for the dashboards against the local stand-in server.

``python dashboards/traffic.py`` serves http://127.0.0.1:9568/metrics and makes calls until you press Enter. It then serves the
metrics until it is interrupted. It opens no connection to other machines; the stand-in server returns fixed texts.
"""

from __future__ import annotations

import argparse
import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from opentelemetry.instrumentation import llm
from opentelemetry.instrumentation.llm import providers

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))
MESSAGES = [{"role": "user", "content": "Tell me in a few words what there is to see here, and say nothing else."}]
MODELS = ("gpt-4o", "gpt-4o-mini-cached", "o3-mini-reasoning")
# The stand-in server reports cached and reasoning tokens for these names; the values are the models for the prices.
NAMES = {"gpt-4o-mini-cached": "gpt-4o-mini", "o3-mini-reasoning": "o3-mini"}
# In ten rounds there is one call that is refused first, one that fails, and one of a model without a price.
ODD = {3: ("flaky:429", "gpt-4o-mini"), 6: ("error-500", "gpt-4o"), 9: ("slow:5", "a-model-without-a-price")}

Round = Callable[[int], None]


@contextmanager
def openai_rounds(url: str) -> Iterator[Round]:
    """Yield a function that makes calls with the SDK of OpenAI."""
    import openai

    with openai.OpenAI(base_url=f"{url}/v1", api_key="stand-in", max_retries=1) as client:

        def ask(number: int) -> None:
            slowly = client.with_options(base_url=f"{url}/scenario/slow:{20 * (number % 7)}+drip:3/v1").chat.completions.create
            slowly(model=MODELS[number % 3], messages=MESSAGES)
            list(slowly(model="gpt-4o-mini", messages=MESSAGES, stream=True, stream_options={"include_usage": True}))
            client.embeddings.create(model="text-embedding-3-small", input="something to see")
            if number % 10 in ODD:
                scenario, model = ODD[number % 10]
                oddly = client.with_options(base_url=f"{url}/scenario/{scenario}/v1").chat.completions.create
                with suppress(openai.APIStatusError):
                    oddly(model=model, messages=MESSAGES, extra_headers={"x-stand-in-run": str(number)})
            if number % 5 == 0:
                media(client, client.with_options(base_url=f"{url}/scenario/error-500/v1", max_retries=0))
                agent(client, number)
            if number % 10 == 1:
                with suppress(openai.APIStatusError):
                    client.with_options(base_url=f"{url}/scenario/context-length/v1").chat.completions.create(
                        model="gpt-4o", messages=MESSAGES
                    )

        yield ask


def media(client: Any, refused: Any) -> None:
    """Make calls for images, audio and embeddings; one of each kind fails."""
    for each in (client, refused):
        for call in (
            lambda each=each: each.images.generate(model="gpt-image-1", prompt="a lighthouse"),
            lambda each=each: each.audio.speech.create(model="tts-1", voice="alloy", input="There is a lighthouse."),
            lambda each=each: each.embeddings.create(model="text-embedding-3-small", input="something to see"),
        ):
            with suppress(Exception):
                call()


def agent(client: Any, number: int) -> None:
    """Run an agent with a retrieval, a model call and a tool that can fail."""
    with suppress(RuntimeError), llm.with_agent("guide"):
        with llm.with_retrieval("places") as found:
            found.output = ["lighthouse", "harbour"]
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        with suppress(ValueError), llm.with_tool("map"):
            if number % 10 == 0:
                raise ValueError("no such place")
        if number % 20 == 0:
            raise RuntimeError("the agent gave up")


@contextmanager
def anthropic_rounds(url: str) -> Iterator[Round]:
    """Yield a function that makes calls with the SDK of Anthropic."""
    import anthropic

    with anthropic.Anthropic(base_url=url, api_key="stand-in", max_retries=1) as client:
        yield lambda number: client.messages.create(model="claude-opus-5", max_tokens=100, messages=MESSAGES)


SDKS: dict[str, Callable[[str], Any]] = {"openai": openai_rounds, "anthropic": anthropic_rounds}


def caches(number: int) -> None:
    """Emit events of a response cache and of a budget."""
    key = f"question {number}"
    if number % 3 == 0:
        llm.emit_cache_miss(key, "answers")
        llm.emit_cache_put(key, 2000, "answers")
    else:
        llm.emit_cache_hit(key, "answers")
    if number % 20 == 5:
        llm.emit_cost_threshold_exceeded(1.5, 1.0, scope="team", provider="openai", model="gpt-4o")


def serve(url: str, port: int, pause: float, enough: threading.Event) -> None:
    """Make calls until ``enough`` is set, and serve metrics until the end."""
    llm.LLMInstrumentor().instrument(model_names=NAMES)
    reporter = llm.PrometheusReporter(llm.metrics(), port=port)
    instrumented = {provider.name for provider in providers.everyone()}
    print(f"http://127.0.0.1:{reporter.port}/metrics", flush=True)
    with ExitStack() as stack:
        asking = [stack.enter_context(make(url)) for name, make in SDKS.items() if name in instrumented and find_spec(name)]
        for number in itertools.count():
            for ask in [*asking, caches]:
                ask(number)
            if enough.wait(pause):
                break
    print("enough", flush=True)
    signal.pause()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=9568, help="port of the metrics; 0 selects a free port")
    parser.add_argument("--pause", type=float, default=0.2, metavar="SECONDS", help="pause between two rounds of calls")
    parser.add_argument("--url", help="URL of a stand-in server that is already running")
    chosen = parser.parse_args()
    enough = threading.Event()
    threading.Thread(target=lambda: sys.stdin.readline() and enough.set(), daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit())
    with ExitStack() as stack:
        if chosen.url is None:
            from stand_in import StandIn

            chosen.url = stack.enter_context(StandIn()).url
        serve(chosen.url, chosen.port, chosen.pause, enough)


if __name__ == "__main__":
    main()
