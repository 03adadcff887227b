"""Observing streams: one strategy a file."""
