"""Arguments and results of LiteLLM."""
