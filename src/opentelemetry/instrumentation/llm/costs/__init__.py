"""Cost of calls, thresholds and budgets."""
