"""Sums and extremes over an axis that `jax.vmap` has a name for: several arrays at once."""

from typing import Any

from compare.evidence.rounding.enclosure import Analysis, Enclosure
from compare.evidence.rounding.primitives.extremes import reduce_max, reduce_min
from compare.evidence.rounding.primitives.reduce import reduce_sum
from compare.evidence.rounding.primitives.row import Rule, rows


def of_each(rule: Rule) -> Rule:
    """Returns the rule that reduces each array by itself."""

    def of_all(analysis: Analysis, eqn: Any, *args: Enclosure) -> list[Enclosure]:
        made: list[Enclosure] = []
        for one, before, after in zip(args, eqn.invars, eqn.outvars, strict=True):
            found = rule(analysis, eqn.replace(invars=[before], outvars=[after]), one)
            made += [found] if isinstance(found, Enclosure) else found
        return made

    return of_all


ROWS = rows("linear", {"psum": of_each(reduce_sum)}) | rows(
    "selection", {"pmax": of_each(reduce_max), "pmin": of_each(reduce_min)}
)
