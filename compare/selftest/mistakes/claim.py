"""What has to be said of a mistake."""

import re
from typing import NamedTuple

from compare.selftest.backward import Forward


class Claim(NamedTuple):
    """What has to be said of a mistake: of which quantities, and in which words."""

    quantities: tuple[frozenset[str], ...]  # each a right answer; 'h1', 'delta2', 'dL/dw1', ...
    words: tuple[str, ...]  # one of which has to be there

    def is_met_by(self, said: str) -> bool:
        """Whether one of the words stands in what is said, and not as a part of another word."""
        return any(re.search(rf"(?<![\w.-]){re.escape(one)}(?!\w)", said) for one in self.words)


class Told(NamedTuple):
    """A claim for any network.

    Both parts are formats of L, the number of layers, H, that of hidden ones, k, that of outputs,
    kk, twice that, N, the number of samples, of_k, of_kk and of_N, 1 over these, n, all sizes, and
    phi, the activation. 'delta1*' is that of every layer from the first on.
    """

    quantities: str  # such as 'dL/dw1, dL/dw2 or the gradient'
    words: tuple[str, ...]

    def of(self, f: Forward) -> Claim:
        """Returns the claim for one network."""
        fields = {
            "L": f.depth,
            "H": f.depth - 1,
            "k": f.sizes[-1],
            "kk": 2 * f.sizes[-1],
            "of_k": f"{1 / f.sizes[-1]:g}",
            "of_kk": f"{0.5 / f.sizes[-1]:g}",
            "of_N": f"{1 / len(f.batch.x):g}",
            "N": len(f.batch.x),
            "n": f.sizes,
            "phi": f.activation,
        }
        answers = self.quantities.format(**fields).split(" or ")
        named = (frozenset(_all_layers(one.split(", "), f.depth)) for one in answers)
        return Claim(tuple(named), tuple(one.format(**fields) for one in self.words))


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


def told(quantities: str, *words: str) -> tuple[Told]:
    """Returns the one claim of a mistake; see `Told`."""
    return (Told(quantities, words),)
