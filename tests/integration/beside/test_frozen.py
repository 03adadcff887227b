"""Test an application that PyInstaller freezes with the hook of this package.

Run by ``tox -e beside``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

APPLICATION = """
import json, sys
import openai
from opentelemetry.instrumentation.llm import LLMInstrumentor, attach
from opentelemetry.instrumentation.llm.doctor import report
ends = []
attach("test", "ex_llm.chat.stop", lambda name, measurements, metadata, config: ends.append(metadata.get("cost_cents")))
LLMInstrumentor().instrument()
with openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="k", max_retries=0) as client:
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
print(json.dumps({"ends": ends, "states": {sdk.name: sdk.state for sdk in report().facts.sdks if sdk.version}}))
"""


def test_frozen_application_records_calls_and_costs(tmp_path: Path, stand_in: Any) -> None:
    pytest.importorskip("PyInstaller", reason="tox -e beside")
    (tmp_path / "app.py").write_text(APPLICATION)
    command = [sys.executable, "-m", "PyInstaller", "--onedir", "--noconfirm", "--log-level", "ERROR", "app.py"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=600, capture_output=True)
    frozen = tmp_path / "dist" / "app" / "app"
    done = subprocess.run([str(frozen), stand_in.url], capture_output=True, text=True, timeout=120, check=True)
    shown = json.loads(done.stdout)
    assert len(shown["ends"]) == 1 and shown["ends"][0] > 0
    assert shown["states"]["openai"] == "watched"
    assert done.stderr == ""
