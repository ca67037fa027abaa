"""The encoding of `.msgpack` files, read into plain data: no object of any other type is made.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

_DEEPEST = 64  # lists and maps within one another
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = dict(enumerate((f">{kind}" for kind in "fdBHIQbhiq"), start=0xCA))
# The first byte of what says its own length, and how many bytes the length takes.
_LONG = {
    **{0xC4: ("bin", 1), 0xC5: ("bin", 2), 0xC6: ("bin", 4)},
    **{0xC7: ("ext", 1), 0xC8: ("ext", 2), 0xC9: ("ext", 4)},
    **{0xD9: ("str", 1), 0xDA: ("str", 2), 0xDB: ("str", 4)},
    **{0xDC: ("list", 2), 0xDD: ("list", 4), 0xDE: ("map", 2), 0xDF: ("map", 4)},
}
_FEWEST_BYTES = {"map": 2}  # of each item


class Extension(NamedTuple):
    """What an application has packed in a way of its own."""

    kind: int  # -128 to 127
    data: memoryview


def unpack(data: memoryview) -> Any:
    """Returns the one item that bytes hold: numbers, text, memoryviews, lists, dicts, extensions.

    Raises:
      ValueError: for bytes that are not the whole of one item, and for a key that comes twice.
    """
    reader = _Reader(data)
    found = reader.item(0)
    if reader.left:
        raise ValueError(f"{reader.left:,} bytes follow its end")
    return found


class _Reader:
    """A place in bytes, that moves on as they are read."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._place = 0

    @property
    def left(self) -> int:
        """How many bytes have not been read."""
        return len(self._data) - self._place

    def item(self, depth: int) -> Any:
        """Reads one item, within so many others."""
        if depth > _DEEPEST:
            raise ValueError(f"it goes deeper than {_DEEPEST} levels")
        code = self._number(">B")
        if code < 0x80 or code >= 0xE0:  # small numbers
            return code if code < 0x80 else code - 0x100
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        if code in _NUMBERS:
            return self._number(_NUMBERS[code])
        kind, length = self._length(code)
        if length * _FEWEST_BYTES.get(kind, 1) > self.left:
            raise ValueError("it is cut short")
        take: dict[str, Callable[[], Any]] = {
            "bin": lambda: self._take(length),
            "str": lambda: str(self._take(length), "utf-8"),
            "ext": lambda: Extension(self._number(">b"), self._take(length)),
            "list": lambda: [self.item(depth + 1) for _ in range(length)],
            "map": lambda: self._map(length, depth + 1),
        }
        return take[kind]()

    def _length(self, code: int) -> tuple[str, int]:
        if code < 0xC0:
            kind, first = ("map", 0x80) if code < 0x90 else ("list", 0x90)
            return (kind, code - first) if code < 0xA0 else ("str", code - 0xA0)
        if 0xD4 <= code <= 0xD8:
            return "ext", 2 ** (code - 0xD4)
        if code not in _LONG:
            raise ValueError(f"no item begins with the byte {code:#x}")
        kind, size = _LONG[code]
        return kind, int.from_bytes(self._take(size), "big")

    def _map(self, length: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(length):
            key = self.item(depth)
            if not isinstance(key, str) or key in found:
                raise ValueError(
                    "a key comes twice" if isinstance(key, str) else "a key is no text"
                )
            found[key] = self.item(depth)
        return found

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, size: int) -> memoryview:
        if size > self.left:
            raise ValueError("it is cut short")
        self._place += size
        return self._data[self._place - size : self._place]
