"""The form in which a candidate is given weights: a list of (w, b), or a user's own tree."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from compare.formats.layouts import in_layout
from compare.formats.read.layer_names import is_kernel
from compare.formats.reading import Reading, named_parameters
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
        kernels = all(is_kernel(self.names[name]) for name in self.names if name[0] == "w")
        return "in_out" if kernels else self.weights.layout

    @property
    def names(self) -> dict[str, str]:
        """The names in the tree of w1, b1, ..., in this order, where a layer has a bias."""
        places = dict(zip(self.weights.order, self.weights.arrays, strict=True))
        return {name: places[name] for name in named_parameters(self.weights.biases)}

    def arrays(self, params: Params) -> dict[str, np.ndarray]:
        """Returns w1, b1, ... in the layout of the tree, by their names in it.

        A bias that is a row or a column there stays one.
        """
        plain = PairsForm(self.layout).arrays(params)
        shapes = {one.name: np.shape(one.value) for one in self.tree.leaves}
        return {
            place: plain[name].reshape(shapes[place]) if name[0] == "b" else plain[name]
            for name, place in self.names.items()
        }

    def build(self, leaves: Sequence[Any]) -> Any:
        """Returns the tree with these arrays."""
        new = dict(zip(self.names.values(), leaves, strict=True))
        return self.tree.rebuild(iter([new.get(one.name, one.value) for one in self.tree.leaves]))
