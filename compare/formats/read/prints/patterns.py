"""What counts as a number, a name or a place in printed text."""

import math
import re

# A number stands alone: no letter, digit, sign or point touches it, as in 1-2, 1.5.5 or 1d0.
# The atomic and possessive groups keep a row that does not match from being tried in every way.
NUMBER = (
    r"(?<![\w.+-])(?>[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan))(?![\w.+-])"
)
SIGN = r"(?:[:=]|[=-]>|\N{RIGHTWARDS ARROW})"  # between a place and its number
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")

_NAME = re.compile(r"(?:(?<![\w.])(?:\d++\.)++)?[A-Za-z_][\w./]*")
# What 'layer 1' says of 'weights'.
_LAYER = re.compile(r"\blayer[ \t_#]*(\d{1,9})\b", re.IGNORECASE)
_KIND = re.compile(
    r"(?<![\w.])(?:d|grad_)?(weights?|kernel|w|bias(?:es)?|b)(?![\w.])", re.IGNORECASE
)
_SUBSCRIPTS = str.maketrans({0x2080 + digit: str(digit) for digit in range(10)})
_NO_NAMES = frozenset(
    ("Array", "tensor", "array", "Parameter", "containing", "grad", "numpy", "torch")
)


def numbers_in(text: str) -> list[str]:
    """Returns the text of every number."""
    return re.findall(NUMBER, text, re.IGNORECASE)


def value_of(word: str) -> float:
    """Returns the number that a word stands for.

    Raises:
      OverflowError: for one that is beyond every float64 number, which would be read as infinite.
    """
    value = float(word)
    if math.isinf(value) and "inf" not in word.lower():
        raise OverflowError(f"{word[:40]} is beyond every float64 number")
    return value


def with_plain_digits(text: str) -> str:
    """Returns a text with b1 for b and a subscript."""
    return text.translate(_SUBSCRIPTS)


def last_name(text: str) -> str | None:
    """Returns the last word that may name an array: 'w1' of 'w1 = tensor'.

    Of 'layer 1 weights' and 'weights of layer 1' it is 'layer1.weights'.
    """
    layers, kinds = _LAYER.findall(text), _KIND.findall(text)
    if layers and kinds:
        return f"layer{layers[-1]}.{kinds[-1]}"
    names = [word for word in _NAME.findall(text) if word not in _NO_NAMES]
    return names[-1] if names else None


def without_layer(text: str) -> str:
    """Returns a text without what it says of a layer, as 'layer 1'."""
    return _LAYER.sub("", text)


def line_number(text: str, position: int) -> int:
    """Returns the line, counted from 1, that a position is in."""
    return text.count("\n", 0, position) + 1
