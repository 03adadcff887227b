"""Exporters of the OpenTelemetry SDK."""
