"""How far apart any two arrays are, from their values alone."""
