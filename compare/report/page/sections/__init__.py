"""What stands on the page, one file a section."""
