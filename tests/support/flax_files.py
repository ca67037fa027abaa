"""Files as `flax.serialization` writes them, packed by the msgpack specification."""

import struct

import numpy as np


def ext(kind, data):
    return b"\xc9" + struct.pack(">Ib", len(data), kind) + data


def packed(value):
    """Returns the bytes of plain data and of arrays, whose extension is 1."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return bytes([value]) if 0 <= value < 128 else b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return (bytes([0xA0 + len(text)]) if len(text) < 32 else sized(0xDB, text)) + text
    if isinstance(value, bytes):
        return sized(0xC6, value) + value
    if isinstance(value, np.generic):
        return ext(3, array(np.asarray(value)))
    if isinstance(value, np.ndarray):
        return ext(1, array(value))
    if isinstance(value, dict):
        return sized(0xDF, value) + b"".join(packed(k) + packed(v) for k, v in value.items())
    return sized(0xDD, value) + b"".join(map(packed, value))


def array(value):
    return packed([list(value.shape), value.dtype.name, value.tobytes()])


def sized(code, items):
    return bytes([code]) + struct.pack(">I", len(items))


def nested(named):
    """Returns {'a': {'b': 1}} for {'a/b': 1}."""
    tree = {}
    for name, value in named.items():
        *keys, last = name.split("/")
        inner = tree
        for key in keys:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return tree
