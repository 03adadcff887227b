"""Servers on the loopback interface that tests start."""
