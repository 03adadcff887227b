"""Protocols of providers over websockets, one in each file."""
