"""Faults, hostile objects, secrets and interruptions, put into calls."""
