"""Frameworks: what they do around calls that no provider's SDK sees."""
