"""Tests with backends of others; each is skipped if its program is missing."""
