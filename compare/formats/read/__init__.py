"""Files that people bring, as arrays."""
