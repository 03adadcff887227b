"""Wire formats of Cohere."""
