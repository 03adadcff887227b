"""Tests of a rule over calls: real SDKs against servers on loopback."""
