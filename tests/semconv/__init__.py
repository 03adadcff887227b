"""Check telemetry against the semantic conventions for generative AI.

`checker` has the public functions `check_spans`, `check_metrics`, `check_logs` and `check_all`.

    rules        violations, scenarios, and every rule with its sentence
    registry     the conventions as data, read from registry.json (no YAML, no network)
    attributes   rules of single attributes, shared by all signals
    content      the JSON schemas of messages, tools, documents and memories
    spans, metrics, logs   one signal each
    together     consistency of the signals
    recording, specimens, faults, calls   valid and invalid telemetry, to test the checker
    generate, resolve, prose   scripts that write registry.json for a new version

`LICENSE-semconv` names the source of the data. Tests need `jsonschema`; only `generate` needs PyYAML.
"""
