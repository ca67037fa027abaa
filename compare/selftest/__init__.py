"""Trials of the comparison itself: mistakes planted, and random networks that are right."""
