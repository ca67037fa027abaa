"""The bits of arrays, which no order of axes changes."""

import hashlib

import numpy as np

Fingerprint = tuple[int, bytes]


def bits_of(array: np.ndarray) -> np.ndarray:
    """Returns the bits of floating-point numbers as integers, of the same shape; -0 is 0."""
    unsigned = np.dtype(f"u{array.dtype.itemsize}")
    return np.ascontiguousarray(array + array.dtype.type(0)).view(unsigned).reshape(array.shape)


def fingerprint(bits: np.ndarray) -> Fingerprint:
    """Returns what arrays of the same entries in any order have in common, and no others."""
    return bits.size, hashlib.blake2b(np.sort(bits, axis=None).data, digest_size=16).digest()


def is_floating(array: np.ndarray) -> bool:
    """Whether entries are floating-point numbers, bfloat16 among them."""
    return array.dtype.kind == "f" or array.dtype.name.startswith(("bfloat", "float"))
