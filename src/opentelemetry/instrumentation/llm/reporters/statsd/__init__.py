"""The StatsD reporter."""
