"""Properties that hold for every patch point of every provider."""
