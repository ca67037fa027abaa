"""Measurements, side by side, as ratios."""
