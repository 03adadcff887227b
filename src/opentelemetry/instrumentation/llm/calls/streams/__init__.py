"""Observe streams: each file contains one strategy."""
