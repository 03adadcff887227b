"""Reading values out of SDK objects and JSON."""
