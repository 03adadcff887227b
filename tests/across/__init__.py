"""One trace across threads, tasks, processes and machines, each way of getting there compared in the worker."""
