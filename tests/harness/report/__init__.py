"""The matrix of patch points and properties."""
