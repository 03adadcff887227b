"""Build the packages, and use them without the checkout."""
