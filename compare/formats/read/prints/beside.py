"""What stands beside an array and would change it: a sign, a factor, a transposition."""

import re

_CALLS = r"(?:(?:np|numpy|jnp|jax\.numpy|torch)\.)?(?:array|tensor)?"
# One operator alone: '--', '->' and '//' belong to titles and comments.
_BEFORE = re.compile(rf"(?<![-+*/=<>])(?P<said>[-+*/@])[ \t(]*{_CALLS}[ \t(]*", re.IGNORECASE)
_AFTER = re.compile(r"[ \t)]*(?P<said>\*\*|[-+*/@^](?![-+*/=>])|\.(?:T|mT|H|transpose|t)\b)")
_LONGEST = 80  # characters before an array that are looked at


def changed_by(text: str, start: int, end: int) -> str | None:
    """Returns what changes the array in text[start:end], such as "'-' before", None if nothing."""
    line = text[max(text.rfind("\n", 0, start) + 1, start - _LONGEST) : start]
    last = max(map(line.rfind, "-+*/@"))
    before = _BEFORE.fullmatch(line, last) if last >= 0 else None
    if before:
        return f"'{before['said']}' before"
    after = _AFTER.match(text, end)
    return f"'{after['said']}' after" if after else None
