"""The version of this package, for the build and for the instrumentation scope."""

__version__ = "0.1.0"
