"""How a file was read: which of its arrays is which parameter, and in which layout."""

import dataclasses

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
    def words(self) -> str:
        """The order and the layout, such as 'b1 w1 b2 w2 (in_out)'."""
        order = f"layers {_cut(self.layers, ', ')}" if self.layers else _cut(self.order, " ")
        return f"{order} ({self.layout})"


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
