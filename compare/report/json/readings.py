"""How a file was read, and how else it could have been."""

from typing import Any

from compare.formats.reading import Choice, Reading


def choice_to_dict(choice: Choice) -> dict[str, Any]:
    """Returns the reading that was taken, and the others that were tried."""
    tried = [(one, True) for one in choice.holding] + [(one, False) for one in choice.failing]
    return {
        **_reading(choice.reading),
        "certifies": choice.holds,
        "others": [{**_reading(one), "certifies": holds} for one, holds in tried],
    }


def _reading(one: Reading) -> dict[str, Any]:
    return {
        "words": one.words,
        "order": list(one.order),
        "arrays": list(one.arrays),
        "layers": list(one.layers),
        "layout": one.layout,
    }
