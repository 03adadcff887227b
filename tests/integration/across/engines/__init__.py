"""Real engines with two workers each, where they are installed."""
