"""What OpenTelemetry's tooling reads about this instrumentation."""

_instruments: tuple[str, ...] = ()
"""Empty on purpose: no SDK is needed, and each is watched as soon as it is imported."""

_supports_metrics = True
_semconv_status = "development"
