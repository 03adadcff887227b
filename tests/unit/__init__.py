"""Tests of one module at a time: no SDK, or one only to make a call."""
