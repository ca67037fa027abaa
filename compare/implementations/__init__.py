"""The ways to a gradient, behind one type, and what they compute on."""
