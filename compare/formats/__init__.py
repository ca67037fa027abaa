"""The formats of files that are read and written."""
