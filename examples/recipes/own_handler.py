"""Write one line of JSON for each chat, with a handler on the event bus."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import openai

from opentelemetry.instrumentation.llm import LLMInstrumentor, attach, convert_time_unit

KEPT = ("provider", "model", "finish_reasons", "input_tokens", "output_tokens", "cost_cents")


def write_line(event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
    """Handle ``ex_llm.chat.stop``; an error here never reaches the application."""
    line = {key: metadata[key] for key in KEPT if key in metadata}
    line |= {key: measurements[key] for key in KEPT if key in measurements}
    line["milliseconds"] = convert_time_unit(measurements["duration"], "native", "millisecond")
    sys.stdout.write(json.dumps(line) + "\n")


LLMInstrumentor().instrument()
attach("lines-of-json", "ex_llm.chat.stop", write_line)
messages = [{"role": "user", "content": "Say hello in five words."}]
openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages)
