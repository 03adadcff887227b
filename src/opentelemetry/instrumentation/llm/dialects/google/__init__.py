"""Wire formats of Google."""
