"""What has to be said of a mistake."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from compare.evidence.hypotheses.explanation import WHOLE
from compare.numbers import listed
from compare.selftest.backward import Forward

# a second way that is of other quantities: 'delta2 and delta1 are ...'
_OTHERS = re.compile(r"((?:(?:yhat|(?:h|delta|dL/d[wb])\d+)(?:, | and )?)+) (?:is|are) (.*)")

ZERO = "0 where the chain rule gives something else"
HALF = "half of what the chain rule gives"
TWICE = "twice what the chain rule gives"
NEGATIVE = "the negative of what the chain rule gives"


class Claim(NamedTuple):
    """What has to be said of a mistake: of which quantities, and in which words."""

    quantities: tuple[frozenset[str], ...]  # each a right answer; 'h1', 'delta2', 'dL/dw1', ...
    words: tuple[str, ...]  # one of which has to be said; see `Told`
    depth: int  # the number of layers

    def met_by(self, quantities: Sequence[str], said: str) -> frozenset[str]:
        """Returns the quantities of which it is said, or given as one of several ways; often none.

        Nothing may be said beside the words but how such a thing comes about, or in how many
        samples: ', as by a mean over 20 samples' or ': it is missing'.
        """
        for names, way in _ways(quantities, said):
            told = frozenset(names)
            if any(told <= whole for whole in self.quantities) and self._is_said(names, way):
                return told
        return frozenset()

    def _is_said(self, quantities: Sequence[str], said: str) -> bool:
        names = _names(quantities, self.depth)
        words = (re.escape(one.format(**names)) for one in self.words)
        return any(
            re.fullmatch(rf"{one}((, as (by|far as)|, right for|:) .*)?", said) for one in words
        )


def _ways(quantities: Sequence[str], said: str) -> Iterator[tuple[Sequence[str], str]]:
    """Yields every way in which something is explained, and of which quantities.

    'A, or delta2 and delta1 are B' are two, and so are 'A, as by B or by C'.
    """
    for one in said.split(", or "):
        others = _OTHERS.fullmatch(one)
        names = re.split(", | and ", others[1]) if others else quantities
        what, as_by, ways = (others[2] if others else one).partition(", as by ")
        yield from ((names, f"{what}{as_by}{way}") for way in ways.split(" or by "))


def _names(quantities: Sequence[str], depth: int) -> dict[str, str]:
    """Returns what the names in words stand for, of the layers of some quantities."""
    numbers = (re.search(r"\d+$", one) for one in quantities)
    layers = [int(number[0]) if number else depth for number in numbers]  # yhat is of the last
    named = {name: [f"{name}{i}" for i in layers] for name in ("w", "b", "z", "h", "delta")} | {
        "w_above": [f"w{i + 1}" for i in layers],
        "z_below": [f"z{i - 1}" for i in layers],
        "h_below": [f"h{i - 1}" if i > 1 else "x" for i in layers],
    }
    return {name: listed(of_layers) for name, of_layers in named.items()}


class Told(NamedTuple):
    """A claim for any network.

    Both parts are formats of L, the number of layers, H, that of hidden ones, k, that of outputs,
    m, that of units below them, N, that of samples, of_k, of_kk and of_N, 1 over k, 2 k and N, n,
    all sizes, dtype, phi, the activation, of_phi, the same as it is said of z, and reversed, which
    says what the opposite order of the layers is. 'delta1*' is that of every layer from the first
    on. In the words w, b, z, h and delta are those of the layer of a quantity, or of all layers of
    which they are said at once, w_above those of the next, z_below and h_below of the one before.
    """

    quantities: str  # such as 'dL/dw1, dL/dw2 or the gradient'
    words: tuple[str, ...]

    def of(self, f: Forward) -> Claim:
        """Returns the claim for one network."""
        shape = " in its tanh form" if f.activation == "gelu" else ""
        fields = {
            "L": f.depth,
            "H": f.depth - 1,
            "k": f.sizes[-1],
            "of_k": f"{1 / f.sizes[-1]:.4g}",
            "of_kk": f"{0.5 / f.sizes[-1]:.4g}",
            "of_N": f"{1 / len(f.batch.x):.4g}",
            "m": f.sizes[-2],
            "N": len(f.batch.x),
            "n": f.sizes,
            "dtype": f.batch.x.dtype.name,
            "phi": f"{f.activation}{shape}",
            "of_phi": f"{f.activation} of {{z}}{shape}",
            "reversed": "in the opposite order"
            if f.depth > 2
            else f"with layers 1 and {f.depth} exchanged",
            **{name: f"{{{name}}}" for name in _names([], 0)},
        }
        answers = self.quantities.format(**fields).split(" or ")
        named = [frozenset(_all_layers(one.split(", "), f.depth)) for one in answers]
        named = [_without_biases(names, f) for names in named]
        named += [_by_delta(names, f) for names in named if _by_delta(names, f) != names]
        return Claim(tuple(named), tuple(one.format(**fields) for one in self.words), f.depth)


def _all_layers(names: list[str], depth: int) -> list[str]:
    """Replaces 'delta1*' by 'delta1', 'delta2', ..., of hidden layers unless it is 'dL/...'."""
    found = []
    for name in names:
        every = re.fullmatch(r"(\D+)(\d+)\*", name)
        if every is None:
            found.append(name)
        else:
            last = depth if name.startswith("dL/") else depth - 1
            found += [f"{every[1]}{i}" for i in range(int(every[2]), last + 1)]
    return found


def _without_biases(names: frozenset[str], f: Forward) -> frozenset[str]:
    """Leaves out dL/db of layers that have no bias."""
    return names - {f"dL/db{i}" for i in range(1, f.depth + 1) if not f.has_bias(i)}


def _by_delta(names: frozenset[str], f: Forward) -> frozenset[str]:
    """Takes dL/dw of a layer without a bias for its delta, or all dL/dw for the whole gradient."""
    alone = {f"dL/dw{i}": f"delta{i}" for i in range(1, f.depth + 1) if not f.has_bias(i)}
    if names == alone.keys() and len(alone) == f.depth:
        return frozenset([WHOLE])
    return frozenset(alone.get(name, name) for name in names)


def told(quantities: str, *words: str) -> tuple[Told]:
    """Returns the one claim of a mistake; see `Told`."""
    return (Told(quantities, words),)


def times(factor: float) -> str:
    """Returns what has to be said of what is a constant times what is right."""
    return f"{factor:g} times what the chain rule gives"
