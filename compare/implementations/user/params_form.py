"""The form in which a candidate is given weights: a list of (w, b), or a user's own tree."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from compare.formats.layouts import in_layout
from compare.formats.read.layer_names import is_kernel
from compare.formats.reading import Reading
from compare.problem.trees import Tree
from jaxmlp.base import Params, parameter_names


class ParamsForm(Protocol):
    """How weights are given, and how gradients in the same form are read."""

    @property
    def layout(self) -> str:
        """That of w, and of the dw of a list of pairs."""

    @property
    def weights(self) -> Reading | None:
        """How they were read, where they have names."""

    def arrays(self, params: Params) -> dict[str, np.ndarray]:
        """Returns w1, b1, ... as they are given, by the names that errors have."""

    def build(self, leaves: Sequence[Any]) -> Any:
        """Returns what a candidate is given, of arrays in that order."""


class PairsForm(NamedTuple):
    """A list of (w, b)."""

    layout: str
    weights: Reading | None = None

    def arrays(self, params: Params) -> dict[str, np.ndarray]:
        """Returns w1, b1, ... in the layout."""
        leaves = [leaf for w, b in params for leaf in (in_layout(w, self.layout), b)]
        return dict(zip(parameter_names(len(params)), leaves, strict=True))

    def build(self, leaves: Sequence[Any]) -> Any:
        """Returns [(w, b), ...]."""
        return list(zip(leaves[::2], leaves[1::2], strict=True))


class TreeForm(NamedTuple):
    """A user's own tree, with other arrays in the places of its own."""

    tree: Tree
    weights: Reading

    @property
    def layout(self) -> str:
        """That of the tree, whatever the one of the report."""
        names = dict(zip(self.weights.order, self.weights.arrays, strict=True))
        kernels = all(is_kernel(name) for order, name in names.items() if order[0] == "w")
        return "in_out" if kernels else self.weights.layout

    def arrays(self, params: Params) -> dict[str, np.ndarray]:
        """Returns w1, b1, ... in the layout of the tree, by their names in it."""
        places = dict(zip(self.weights.order, self.weights.arrays, strict=True))
        plain = PairsForm(self.layout).arrays(params)
        return {places[name]: array for name, array in plain.items()}

    def build(self, leaves: Sequence[Any]) -> Any:
        """Returns the tree with these arrays."""
        places = dict(zip(self.weights.order, self.weights.arrays, strict=True))
        names = [places[name] for name in parameter_names(len(leaves) // 2)]
        new = dict(zip(names, leaves, strict=True))
        return self.tree.rebuild(iter([new.get(one.name, one.value) for one in self.tree.leaves]))
