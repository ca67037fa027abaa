"""How a file was read: which of its arrays is which parameter, and in which layout."""

import dataclasses
from collections.abc import Sequence

_SHOWN = 8  # arrays or layers that are named in a sentence, before it is cut


@dataclasses.dataclass(frozen=True)
class Reading:
    """One way to read arrays as weights and biases, or as their gradients.

    Where their names say it, or numbers and shapes leave no choice, there is one reading of a file.
    Else there are several, and which one is right shows when it is certified.
    """

    order: tuple[str, ...]  # the parameter that each array is, in the order of the file: 'b1', 'w1'
    arrays: tuple[str, ...]  # what each is called there; 'array 2' or 'numbers' without a name
    layout: str  # of the matrices, 'in_out' or 'out_in'
    layers: tuple[str, ...] = ()  # the names of the layers from the first to the last, if any

    @property
    def biases(self) -> tuple[bool, ...]:
        """Whether each layer has a bias."""
        layers = sum(name.startswith("w") for name in self.order)
        return tuple(f"b{i}" in self.order for i in range(1, layers + 1))

    @property
    def words(self) -> str:
        """The order and the layout, such as 'b1 w1 b2 w2 (in_out)', and what biases are missing."""
        order = f"layers {_cut(self.layers, ', ')}" if self.layers else _cut(self.order, " ")
        return f"{order} ({self.layout}){self._missing}"

    @property
    def _missing(self) -> str:
        missing = [str(i) for i, has in enumerate(self.biases, start=1) if not has]
        if len(missing) == len(self.biases):
            return ", without biases"
        plural = "s" * (len(missing) > 1)
        return f", no bias in layer{plural} {' '.join(missing)}" if missing else ""


def named_parameters(biases: Sequence[bool]) -> tuple[str, ...]:
    """Returns w1, b1, w2, ..., without the biases that layers do not have."""
    layers = enumerate(biases, start=1)
    return tuple(name for i, has in layers for name in (f"w{i}", f"b{i}")[: 1 + has])


@dataclasses.dataclass(frozen=True)
class Choice:
    """The reading that was taken, among those that fit as well."""

    reading: Reading
    holds: bool | None = None  # whether it certifies; None where nothing was tried
    failing: tuple[Reading, ...] = ()  # the others, that do not certify
    holding: tuple[Reading, ...] = ()  # the others, that certify too
    likely: bool = True  # whether it would have been taken without being certified

    @property
    def others(self) -> tuple[Reading, ...]:
        """All that were tried and not taken."""
        return (*self.holding, *self.failing)


def _cut(words: tuple[str, ...], separator: str) -> str:
    if len(words) <= _SHOWN:
        return separator.join(words)
    return separator.join([*words[:3], "...", *words[-2:]])
