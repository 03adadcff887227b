"""Facts about this instrumentation that OpenTelemetry's tools read."""

_instruments: tuple[str, ...] = ()
"""Empty: no SDK is required. Each SDK is instrumented when it is imported."""

_supports_metrics = True
_semconv_status = "development"
