"""One row of the table of primitives: which shape of rule a primitive has, and the rule."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from compare.evidence.rounding.enclosure import Enclosure

# (analysis, equation, operands) -> what the equation makes
Rule = Callable[..., Enclosure | Sequence[Enclosure]]

# shape -> whether operands that are subnormal may be read as 0, and whether the result is rounded,
# so that it may under- or overflow
SHAPES: Mapping[str, tuple[bool, bool]] = MappingProxyType(
    {
        "elementwise": (True, True),  # arithmetic of entries
        "monotone": (True, True),  # a function that a library computes to some ulp
        "linear": (True, True),  # sums of products over many entries
        "selection": (True, False),  # the result is one of few, and none of its own
        "index": (False, False),  # numbers move, and nothing happens to them
        "control": (False, False),  # evaluates other equations
    }
)


class Row(NamedTuple):
    """What `roundoff` knows of one primitive."""

    shape: str
    rule: Rule
    vanishes: bool = False  # whether results may be below all numbers, though no operand is 0
    lacks: Callable[[Any], str | None] | None = None  # names what the rule has no bound for, if so

    @property
    def reads(self) -> bool:
        """Whether a library may take an operand that is subnormal for 0."""
        return SHAPES[self.shape][0]

    @property
    def rounds(self) -> bool:
        """Whether the result is rounded, and so may under- or overflow."""
        return SHAPES[self.shape][1]


def rows(shape: str, rules: Mapping[str, Rule], vanishing: Sequence[str] = ()) -> dict[str, Row]:
    """Makes rows of one shape."""
    return {name: Row(shape, rule, name in vanishing) for name, rule in rules.items()}
