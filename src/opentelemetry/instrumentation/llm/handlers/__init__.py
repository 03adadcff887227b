"""Who hears: one job a file; spans, attributes, contents and metrics of the conventions, and lines of a log."""
