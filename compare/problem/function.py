"""A function to differentiate: at which arguments, by which of them, and against what."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

# (*args) -> (outputs, statistics): pytrees, and what a forward updates besides, by its names
Call = Callable[..., tuple[Any, Mapping[str, Any]]]


@dataclasses.dataclass(frozen=True)
class Arguments:
    """The arguments of a function, as the leaves of one pytree.

    Attributes:
      structure: of the tuple of all arguments.
      leaves: NumPy arrays, and what is no array and passed on as it is.
      names: of the leaves, such as 'args[0]["w"]', or those of a module's parameters.
      wrt: which leaves it is differentiated by, by their numbers.
    """

    structure: Any
    leaves: tuple[Any, ...]
    names: tuple[str, ...]
    wrt: tuple[int, ...]

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """The leaves that are arrays."""
        return tuple(one for one in self.leaves if isinstance(one, np.ndarray))

    @property
    def array_names(self) -> tuple[str, ...]:
        """The names of the leaves that are arrays."""
        pairs = zip(self.names, self.leaves, strict=True)
        return tuple(name for name, one in pairs if isinstance(one, np.ndarray))

    @property
    def state(self) -> dict[str, int]:
        """The leaves of the first argument, where that is a dict of arrays, by their keys."""
        first = self._first() if self.has_state else {}
        return {key: i for key, i in first.items() if isinstance(self.leaves[i], np.ndarray)}

    @property
    def has_state(self) -> bool:
        """Whether the first argument is a dict of arrays; that of a module may have none."""
        first = self._first()
        return isinstance(first, Mapping) and all(isinstance(i, int) for i in first.values())

    def _first(self) -> Any:
        """Returns the first argument, with the numbers of leaves in their places."""
        numbers = self.structure.unflatten(range(len(self.leaves)))
        return numbers[0] if numbers else None

    def filled(self, arrays: Sequence[Any]) -> list[Any]:
        """Returns all leaves, with others in the place of the arrays."""
        given = iter(arrays)
        return [next(given) if isinstance(one, np.ndarray) else one for one in self.leaves]

    def after(self, state: Mapping[str, np.ndarray], by: Sequence[str]) -> "Arguments":
        """Returns them with the weights of a module before all others, in a dict.

        Args:
          state: name -> weights or buffers.
          by: which of these it is differentiated by too.
        """
        names, inputs = sorted(state), self.structure.unflatten(self.leaves)
        leaves, structure = jax.tree.flatten((dict(state), *inputs))
        chosen = [i for i, name in enumerate(names) if name in by]
        wrt = (*chosen, *(len(names) + i for i in self.wrt))
        return Arguments(structure, tuple(leaves), (*names, *self.names), wrt)

    def without_state(self) -> "Arguments":
        """Returns them without the first one, which is a dict of weights."""
        _, *inputs = self.structure.unflatten(range(len(self.leaves)))
        numbers, structure = jax.tree.flatten(tuple(inputs))
        chosen = tuple(at for at, i in enumerate(numbers) if i in self.wrt)
        leaves, names = (tuple(of[i] for i in numbers) for of in (self.leaves, self.names))
        return Arguments(structure, leaves, names, chosen)

    def in_dtype(self, dtype: np.dtype) -> "Arguments":
        """Returns them with floating-point arrays in a dtype."""
        return dataclasses.replace(
            self, leaves=tuple(one.astype(dtype) if is_float(one) else one for one in self.leaves)
        )


class Outputs(NamedTuple):
    """What a function returns, before it is computed.

    Attributes:
      structure: of the pytree.
      shapes: what has a shape and a dtype, by names.
    """

    structure: Any
    shapes: dict[str, Any]

    @property
    def is_loss(self) -> bool:
        """Whether there is one number to differentiate."""
        return [one.shape for one in self.floats.values()] == [()]

    @property
    def floats(self) -> dict[str, Any]:
        """Those of floating-point numbers, which have cotangents."""
        return {
            name: one
            for name, one in self.shapes.items()
            if jnp.issubdtype(one.dtype, jnp.floating)
        }

    @property
    def differentiable(self) -> "Outputs":
        """These in the same structure, None where there are no floating-point numbers."""
        floats = self.floats
        tree = self.structure.unflatten([floats.get(name) for name in self.shapes])
        return Outputs(jax.tree.structure(tree), floats)

    def in_structure(self, arrays: Mapping[str, Any]) -> Any:
        """Returns arrays by the names of outputs in their structure, None where there is none."""
        return self.structure.unflatten([arrays.get(name) for name in self.shapes])


class Results(NamedTuple):
    """What a function makes, by names."""

    outputs: dict[str, Any]
    statistics: dict[str, Any]  # that its forward updates
    gradients: dict[str, Any]  # by the names of the arguments


@dataclasses.dataclass(frozen=True)
class FunctionProblem:
    """A function of JAX, with all that determines its values and gradients.

    Attributes:
      call: the function, in which `cut` may name places.
      arguments: that it is called with.
      outputs: what it returns.
      cotangents: output -> array of its shape; of a loss 1. A gradient is that of the sum of
        outputs times cotangents. Outputs that are no floating-point numbers have none.
      dtype: in which it is to be computed.
    """

    call: Call
    arguments: Arguments
    outputs: Outputs
    cotangents: dict[str, np.ndarray]
    dtype: np.dtype

    def in_dtype(self, dtype: np.dtype, call: Call | None = None) -> "FunctionProblem":
        """Returns the same problem in another dtype, for a call that computes in that."""
        cotangents = {name: one.astype(dtype) for name, one in self.cotangents.items()}
        arguments = self.arguments.in_dtype(dtype)
        return FunctionProblem(call or self.call, arguments, self.outputs, cotangents, dtype)

    def is_alike(self, other: "FunctionProblem") -> bool:
        """Whether another one differs in the numbers of its arrays alone."""
        a, b = self.arguments, other.arguments
        is_same = (self.dtype, self.outputs.structure) == (other.dtype, other.outputs.structure)
        return (
            is_same
            and (a.structure, a.names, a.wrt) == (b.structure, b.names, b.wrt)
            and all(map(_are_alike, a.leaves, b.leaves))
        )

    def results(self, arrays: Sequence[Any], cotangents: Mapping[str, Any]) -> Results:
        """Computes outputs and gradients, in JAX.

        Args:
          arrays: in the place of those of the arguments.
          cotangents: in the place of its own.
        """
        return differentiate(self.call, self.arguments, arrays, cotangents)


def differentiate(
    call: Call, arguments: Arguments, arrays: Sequence[Any], cotangents: Mapping[str, Any]
) -> Results:
    """Computes a function of JAX, and its gradients by `arguments.wrt` against cotangents."""
    leaves = arguments.filled(arrays)

    def outputs_of(chosen: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        now = list(leaves)
        for i, one in zip(arguments.wrt, chosen, strict=True):
            now[i] = one
        outputs, statistics = call(*arguments.structure.unflatten(now))
        return {name: jnp.asarray(one) for name, one in named_outputs(outputs)}, dict(statistics)

    chosen = [leaves[i] for i in arguments.wrt]
    outputs, pull_back, statistics = jax.vjp(outputs_of, chosen, has_aux=True)
    seeds = {name: _seed(one, cotangents.get(name)) for name, one in outputs.items()}
    (slopes,) = pull_back(seeds)
    names = (arguments.names[i] for i in arguments.wrt)
    return Results(outputs, statistics, dict(zip(names, slopes, strict=True)))


def _seed(output: Any, cotangent: Any) -> Any:
    if not jnp.issubdtype(output.dtype, jnp.floating):
        return np.zeros(output.shape, jax.dtypes.float0)
    if cotangent is None:
        return jnp.zeros_like(output)
    return jnp.asarray(cotangent, output.dtype)


def named_outputs(outputs: Any) -> list[tuple[str, Any]]:
    """Returns the leaves of what a function returns, by names such as 'output["loss"]'."""
    leaves = jax.tree_util.tree_flatten_with_path(outputs)[0]
    return [(f"output{jax.tree_util.keystr(path)}", leaf) for path, leaf in leaves]


def named_arguments(args: Sequence[Any]) -> tuple[list[str], list[Any], Any]:
    """Returns names such as 'args[0]["w"]', leaves, and the structure of a tuple of arguments."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(tuple(args))
    names = [f"args{jax.tree_util.keystr(path)}" for path, _ in leaves]
    return names, [leaf for _, leaf in leaves], structure


def _are_alike(a: Any, b: Any) -> bool:
    """Whether two leaves are arrays of one form, or one thing."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return (a.shape, a.dtype) == (b.shape, b.dtype)
    return a is b


def is_float(leaf: Any) -> bool:
    """Whether a leaf is an array of floating-point numbers."""
    return isinstance(leaf, np.ndarray) and bool(jnp.issubdtype(leaf.dtype, jnp.floating))


def outputs_of(call: Call, arguments: Arguments) -> Outputs:
    """Finds out what a function of JAX returns; in float64 x64 has to be enabled."""
    shapes: dict[str, Any] = {}
    structures = []

    def named(arrays: Sequence[Any]) -> list[Any]:
        outputs, _ = call(*arguments.structure.unflatten(arguments.filled(arrays)))
        structures.append(jax.tree.structure(outputs))
        pairs = named_outputs(outputs)
        shapes.update(pairs)
        return [jnp.asarray(one) for _, one in pairs]

    made = jax.eval_shape(named, arguments.arrays)
    return Outputs(structures[-1], dict(zip(shapes, made, strict=True)))
