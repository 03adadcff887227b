"""The Prometheus reporter."""
