"""Read the source of SDKs."""
