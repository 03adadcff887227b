"""Wire formats of Anthropic."""
