"""Measure price look-ups, and compare with the library of the snapshot.

    python benchmarks/prices.py

Imports and first look-ups are measured in fresh processes (the best of five), calls as the best of several rounds.
Without ``genai-prices`` only our own figures are printed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from timeit import repeat

CALLS = (
    ("openai", "gpt-4o"),
    ("anthropic", "claude-3-5-haiku-latest"),
    ("google", "gemini-2.5-pro"),
    ("openrouter", "deepseek/deepseek-chat"),
)

OURS = """
import importlib.util, json, sys, time, tracemalloc, types
# The package without its __init__, which imports much more than prices.
package = types.ModuleType("opentelemetry.instrumentation.llm")
package.__path__ = importlib.util.find_spec(package.__name__).submodule_search_locations
sys.modules[package.__name__] = package
begun = time.perf_counter()
import opentelemetry.instrumentation.llm.pricing as pricing
from opentelemetry.instrumentation.llm.pricing import prices
imported = time.perf_counter()
from opentelemetry.instrumentation.llm.schema.records import Usage
usage = Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=400)
if sys.argv[1] == "memory":
    tracemalloc.start()
loading = time.perf_counter()
prices._packaged()
loaded = time.perf_counter()
held, peak = tracemalloc.get_traced_memory() if sys.argv[1] == "memory" else (0, 0)
asked = time.perf_counter()
assert pricing.price("openai", "gpt-4o", usage)
first = time.perf_counter()
assert pricing.price("openrouter", "deepseek/deepseek-chat", usage)
other = time.perf_counter()
print(json.dumps({"import": imported - begun, "load": loaded - loading, "first": first - asked, "other": other - first,
                  "held": held, "peak": peak}))
"""

THEIRS = """
import json, time
begun = time.perf_counter()
from genai_prices import Usage, calc_price
imported = time.perf_counter()
calc_price(Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=400), "gpt-4o", provider_id="openai")
first = time.perf_counter()
print(json.dumps({"import": imported - begun, "first": first - imported}))
"""


def fresh(code: str, argument: str = "", rounds: int = 5) -> dict[str, float]:
    """Run ``code`` in new processes and return the lowest value of each figure."""
    runs = [json.loads(subprocess.check_output([sys.executable, "-c", code, argument])) for _ in range(rounds)]
    return {name: min(run[name] for run in runs) for name in runs[0]}


def per_call(call: Callable[[], object], number: int) -> float:
    """Return the microseconds of processor time of one call."""
    return min(repeat(call, number=number, repeat=7, timer=process_time)) / number * 1e6


def ours() -> None:
    """Print our figures."""
    from opentelemetry.instrumentation.llm.pricing import Prices, price, snapshot
    from opentelemetry.instrumentation.llm.schema.records import Usage

    times, memory = fresh(OURS, "time"), fresh(OURS, "memory", 1)
    print("ours")
    print(f"  file on disk           {Path(snapshot.PACKAGED).stat().st_size / 1e3:9.1f} kB")
    print(f"  memory of the file     {memory['held'] / 1e6:9.2f} MB held, {memory['peak'] / 1e6:.2f} MB at the peak")
    print(f"  import of pricing      {times['import'] * 1e3:9.2f} ms")
    print(f"  load of the file       {times['load'] * 1e3:9.2f} ms")
    print(f"  first price of a model {times['first'] * 1e3:9.2f} ms (openai gpt-4o), {times['other'] * 1e3:.2f} ms (openrouter)")
    prices, usage = Prices.snapshot(), Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=400)
    for provider, model in CALLS:
        look_up = per_call(partial(prices.find, provider, model), 20_000)
        whole = per_call(partial(price, provider, model, usage), 20_000)
        print(f"  later, {provider + ' ' + model:32} {whole:6.2f} us, of that look-up {look_up:.2f} us")


def theirs() -> None:
    """Print the library's figures."""
    if find_spec("genai_prices") is None:
        print("genai-prices is not installed: nothing to compare with")
        return
    from genai_prices import Usage, __version__, calc_price

    times = fresh(THEIRS)
    print(f"genai-prices {__version__}")
    print(f"  import                 {times['import'] * 1e3:9.2f} ms")
    print(f"  first price            {times['first'] * 1e3:9.2f} ms")
    for provider, model in CALLS:
        usage = Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=400)
        whole = per_call(partial(calc_price, usage, model, provider_id=provider), 500)
        print(f"  later, {provider + ' ' + model:32} {whole:6.2f} us")


if __name__ == "__main__":
    ours()
    theirs()
