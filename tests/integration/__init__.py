"""Tests with other software: servers, back ends, and other instrumentations."""
