"""Wire formats of Mistral."""
