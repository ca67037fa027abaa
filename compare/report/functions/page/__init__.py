"""A comparison of functions as a page of HTML."""
