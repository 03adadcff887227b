"""Tests of behaviour that only one SDK has."""
