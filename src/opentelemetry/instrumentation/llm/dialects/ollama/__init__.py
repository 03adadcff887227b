"""Wire formats of Ollama."""
