"""Scripts that make the calls of an application and leave their streams."""
