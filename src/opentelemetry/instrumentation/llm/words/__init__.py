"""Old import paths that the documentation once named."""
