"""The options of a run: as flags, as a checked Config, and as the command that brings them back."""
