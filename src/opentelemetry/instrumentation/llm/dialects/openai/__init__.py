"""Wire formats of OpenAI."""
