"""The leaves of a model that holds its weights, of which some are no weights."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from compare.implementations.programs.models.leaves import Leaves, leaves_of
from compare.problem.function import is_float


def float_leaves(kind: str, structure: Any, names: Sequence[str], leaves: Sequence[Any]) -> Leaves:
    """Reads leaves as `leaves_of` does, but those that are no floating-point numbers stay.

    So a program can do with these what it did before, such as ask for the number in one.

    Args:
      kind: what the model is, as errors begin.
      structure: of the tree.
      names: of the leaves.
      leaves: of the model.
    """
    found = leaves_of(kind, structure, names, leaves)
    pairs = zip(found.leaves, leaves, strict=True)
    return dataclasses.replace(
        found, leaves=tuple(own if is_float(own) else one for own, one in pairs)
    )
