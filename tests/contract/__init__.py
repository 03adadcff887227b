"""The contract: what holds for every point of every provider, run over the payloads."""
