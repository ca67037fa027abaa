"""Trials of the comparison itself: planted mistakes, and random correct networks."""
