"""The weights of a model as the leaves of a tree, by name."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.problem.array_likes import is_array, real_array
from compare.problem.function import is_float


@dataclasses.dataclass(frozen=True, eq=False)
class Leaves:
    """The leaves of a tree.

    Attributes:
      structure: of the tree.
      names: of all leaves.
      leaves: arrays of NumPy, and what is none, such as keys of random numbers.
    """

    structure: Any
    names: tuple[str, ...]
    leaves: tuple[Any, ...]

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Returns those that are arrays."""
        pairs = zip(self.names, self.leaves, strict=True)
        return {name: one for name, one in pairs if isinstance(one, np.ndarray)}

    def trained(
        self, names: Collection[str]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Returns the parameters, and the buffers: all other arrays.

        Args:
          names: of leaves that may be parameters; integers and booleans never are.
        """
        arrays = self.arrays
        chosen = {name: one for name, one in arrays.items() if name in names and is_float(one)}
        return chosen, {name: one for name, one in arrays.items() if name not in chosen}

    def filled(self, arrays: Mapping[str, Any]) -> Any:
        """Returns the tree with other arrays, each by the name of a leaf."""
        pairs = zip(self.names, self.leaves, strict=True)
        return self.structure.unflatten([arrays.get(name, one) for name, one in pairs])


def leaves_of(kind: str, structure: Any, names: Sequence[str], leaves: Sequence[Any]) -> Leaves:
    """Reads the leaves of a tree.

    Args:
      kind: what the model is, as errors begin.
      structure: of the tree.
      names: of the leaves.
      leaves: arrays of any framework, and anything else, which stays what it is.

    Raises:
      UsageError: for an array that is none of real numbers.
    """
    pairs = zip(names, leaves, strict=True)
    read = tuple(_read(f"{kind}: {name}", one) for name, one in pairs)
    return Leaves(structure, tuple(names), read)


def _read(where: str, leaf: Any) -> Any:
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return leaf
    is_one = is_array(leaf) and not isinstance(leaf, str | bytes)
    return real_array(where, leaf) if is_one or hasattr(leaf, "shape") else leaf
