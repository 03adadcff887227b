"""Trace context across threads, tasks, processes and machines."""
