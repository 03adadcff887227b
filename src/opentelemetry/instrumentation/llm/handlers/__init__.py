"""Handlers that turn events into spans, attributes, contents and log events."""
