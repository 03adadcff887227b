"""The version, read by the build and by whoever names our instrumentation scope."""

__version__ = "0.1.0"
