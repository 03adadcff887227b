"""Hold telemetry against the OpenTelemetry semantic conventions for generative AI, in pure Python.

`checker` is the door: `check_spans`, `check_metrics`, `check_logs`, `check_all`, over what the SDK's in-memory exporters give.

    rules        what a violation is, what a scenario may declare, and every rule with its sentence
    registry     the conventions as data, read from registry.json (no YAML, no network)
    attributes   rules of single attributes, shared by all signals
    content      the JSON schemas of messages, tools, documents and memories
    spans, metrics, logs   one signal each
    together     what the signals must say alike
    recording, specimens, faults, calls   right telemetry, and wrong, with which the checker itself is tested
    generate, resolve, prose   how registry.json is made when the conventions move

`LICENSE-semconv` tells where the data comes from. Tests need `jsonschema`; only `generate` needs PyYAML.
"""
