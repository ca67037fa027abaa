"""Which parameter of a network the name of an array stands for."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from compare.formats.read.layer_names import parts_of
from compare.formats.read.tree_paths import slashed

_GRADIENT = re.compile(  # dL/dW1, dw1, grad_w1, nabla_w
    r"(?:^|(?<=[./]))(?:dL?[/_]?d|d_?|grad(?:ient)?[_.]?|nabla[_.]?)"
    r"(?=(?:[wb]|weights?|bias(?:es)?|kernel)[_/]?\d*$)",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"[._]grad(?:ient)?$", re.IGNORECASE)  # fc1.weight.grad


class _Parameter(NamedTuple):
    words: str  # of the layer, without its numbers
    layer: tuple[int, ...]  # its numbers
    kind: str  # 'w' or 'b'


def parameter_of(name: str) -> str:
    """Returns the name of the parameter that an array is called the gradient of: w1 for dL/dw1."""
    return _SUFFIX.sub("", _GRADIENT.sub("", slashed(name)))


def plain_name(name: str) -> str:
    """Returns w1 for dL/dW1, dw1, W1 or w1.grad."""
    return parameter_of(name).lower()


def is_weight(name: str | None) -> bool:
    """Whether a name is that of a matrix of weights."""
    found = _parse(name)
    return found is not None and found.kind == "w"


def number_layers(names: Sequence[str]) -> list[str] | None:
    """Returns w1, b1, ... for names whose layers differ in their numbers only, as 0.weight, 2.bias.

    Returns None where that is not so, or two names mean the same parameter.
    """
    found = [one for one in map(_parse, names) if one is not None]
    if len(found) < len(names) or len(set(found)) < len(found):
        return None
    if len({one.words for one in found}) > 1 or len({len(one.layer) for one in found}) > 1:
        return None
    layers = sorted({one.layer for one in found})
    return [f"{one.kind}{layers.index(one.layer) + 1}" for one in found]


def _parse(name: str | None) -> _Parameter | None:
    found = parts_of(plain_name(name or ""))
    if found is None:
        return None
    layer = f"{found['prefix']}{found['number']}"
    numbers = tuple(map(int, re.findall("[0-9]{1,9}", layer)))
    return _Parameter(re.sub("[0-9]+", "", layer), numbers, found["kind"][0].replace("k", "w"))
