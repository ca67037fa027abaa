"""The names of leaves as `jax.tree_util.keystr` prints them: ['params']['Dense_0']['kernel']."""

import re

_NAMED = r"(?:\['[^'\n]*'\]|\[\"[^\"\n]*\"\]|\.[A-Za-z_]\w*)"
_NUMBERED = r"\[(?:<flat index )?\d{1,9}>?\]"
_PATH = re.compile(rf"(?P<root>[A-Za-z_]\w*)?(?P<keys>(?:{_NAMED}|{_NUMBERED})+)", re.ASCII)
_PARTS = re.compile(r"'([^']*)'|\"([^\"]*)\"|(\d+)|\.(\w+)", re.ASCII)
_LAST = ("value", "raw_value")  # of a variable of nnx
_ARRAY = r"(?:\[|(?:Array|array|tensor)\((?!\s*[-+.\w]+\s*[,)]))"  # but no single number
# At the beginning of a line. A path that ends in a number is known by the array after it, since
# w[0] = 0.5 is one entry.
_IN_PRINT = re.compile(
    rf"^[ \t]*((?:[A-Za-z_]\w*)?(?:{_NAMED}|{_NUMBERED})*"
    rf"(?:{_NAMED}(?=[ \t]*(?:[(:=+.\d-]|{_ARRAY}|$))"
    rf"|{_NUMBERED}(?=[ \t]*[:=][ \t]*{_ARRAY})|{_NUMBERED}{_NUMBERED}(?=[ \t]+{_ARRAY})))",
    re.ASCII | re.MULTILINE,
)


def slashed(name: str) -> str:
    """Returns 'params/Dense_0/kernel' for a name of keystr, and any other name as it is."""
    found = _PATH.fullmatch(name)
    if found is None or (found["root"] and "[" not in found["keys"]):
        return name
    keys = [found["root"] or "", *map("".join, _PARTS.findall(found["keys"]))]
    if keys[-1] in _LAST:
        keys = keys[:-1]
    return "/".join(filter(None, keys))


def with_plain_paths(text: str) -> str:
    """Returns a print with 'params.Dense_0.kernel' for a path at the beginning of a line.

    One of numbers alone is left out: it tells the order, which the arrays have anyway.
    """
    return _IN_PRINT.sub(lambda found: _plain(found[1]), text)


def _plain(path: str) -> str:
    name = re.sub(r"[^\w.]+", ".", slashed(path))
    return "" if re.fullmatch(r"[\d.]+", name) else re.sub(r"\.(?=\d)", "_", name)
