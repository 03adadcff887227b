"""Wire formats of Amazon Bedrock."""
