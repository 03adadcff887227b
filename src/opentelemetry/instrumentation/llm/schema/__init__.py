"""Definitions that producers and consumers of events share.

Nothing here depends on the bus, OpenTelemetry or an SDK.
"""
