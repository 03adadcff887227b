"""The ground: the words that both sides of the street use. Nothing here knows the bus, OpenTelemetry or an SDK."""
