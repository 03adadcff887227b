"""Measures of memory: leaks, growth, open streams."""
