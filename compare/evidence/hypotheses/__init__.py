"""Why a certificate fails: one mistake at a time, tried until one fits."""
