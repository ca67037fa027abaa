"""A torch module or function as a JAX function, with a cut wherever a submodule returns."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from torch import nn

from compare.aten.evaluation import Evaluation
from compare.aten.given_program import argument_name, check_given
from compare.aten.graph_checks import check_graph
from compare.aten.structure import Slot, as_jax_tree
from compare.aten.tracing import traced
from compare.errors import UsageError
from torch_ref.convert import to_array
from torch_ref.module_checks import unwrapped
from torch_ref.recording import plain_name
from torch_ref.trees import mapped, parts_of


@dataclasses.dataclass(frozen=True, eq=False)
class JaxProgram:
    """What a torch module or function computes, in JAX."""

    parameters: Mapping[str, np.ndarray]  # one entry for those that are tied
    buffers: Mapping[str, np.ndarray]
    cuts: tuple[str, ...]  # as `torch_ref.recording` names them, in the order of the data
    given: Any  # (args, kwargs) with slots
    result: Any  # with slots
    evaluation: Evaluation  # of what is given in the slots

    def call(
        self, state: Mapping[str, Any], *args: Any, **kwargs: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Computes the forward; it can be differentiated and compiled.

        Args:
          state: all parameters and buffers, by name.
          *args: as the torch program takes them, arrays in the place of tensors, of the same
            shapes and dtypes.
          **kwargs: likewise.

        Returns:
          The outputs, and the new values of the buffers that the forward changes.

        Raises:
          UsageError: for arrays that are missing or of another shape or dtype.
        """
        arrays = [_array(given, slot, name) for name, slot, given in self._matched(args, kwargs)]
        own = {**self.parameters, **self.buffers}
        if missing := sorted(set(own) - set(state)):
            raise UsageError(f"state: expected all parameters and buffers, got no {missing[0]}")
        held = {
            name: _array(state[name], Slot(0, array.shape, array.dtype), name)
            for name, array in own.items()
        }
        outputs, statistics = self.evaluation(held, arrays)
        return mapped(self.result, lambda slot: outputs[slot.index], of=Slot), statistics

    def _matched(self, args: Any, kwargs: Any) -> list[tuple[str, Slot, Any]]:
        """Returns the slots of the arguments with what is given there."""
        given = dict(parts_of((args, kwargs)))
        wanted = [(path, slot) for path, slot in parts_of(self.given) if isinstance(slot, Slot)]
        for path, slot in wanted:
            if path not in given:
                raise UsageError(
                    f"{argument_name(path)}: expected an array of shape {slot.shape}, got none"
                )
        return [(argument_name(path), slot, given[path]) for path, slot in wanted]


def exported(
    module: Callable[..., Any], args: Any, kwargs: Mapping[str, Any] | None = None
) -> JaxProgram:
    """Turns a torch module, in the mode that it is in, or a function of tensors into JAX.

    The forward is taken; a backward of `torch.autograd.Function` is not. Where the program stops
    gradients, by `.detach()` or `torch.no_grad`, so does the JAX function.

    Args:
      module: nothing in it is changed; a function may close over tensors, which are constants.
      args: tensors, and trees of tensors and other values, which are constants.
      kwargs: likewise, by name.

    Raises:
      UsageError: for a program that JAX cannot follow, with the place and what to do.
    """
    inner = unwrapped(module) if isinstance(module, nn.Module) else module
    options = dict(kwargs or {})
    check_given(inner, args, options)
    graph = traced(inner, args, options)
    own = inner if isinstance(inner, nn.Module) else None
    check_graph(graph, own)
    parameters, buffers, names = _state(own)
    live = graph.live()
    places = [(place, node) for place, node in graph.places if node in live]
    return JaxProgram(
        parameters,
        buffers,
        tuple(place for place, _ in places),
        graph.given,
        as_jax_tree(graph.result),
        Evaluation(graph, live, places, names),
    )


def _state(
    module: nn.Module | None,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, str]]:
    """Returns parameters, buffers, and the name that each name of torch's has there."""
    if module is None:
        return {}, {}, {}
    names: dict[str, str] = {}
    found: list[dict[str, np.ndarray]] = []
    for list_all in (module.named_parameters, module.named_buffers):
        first: dict[int, str] = {}
        own = {}
        for key, tensor in list_all(remove_duplicate=False):
            name = names[key] = first.setdefault(id(tensor), plain_name(module, key))
            if name not in own:
                own[name] = np.array(to_array(tensor))
        found.append(own)
    return found[0], found[1], names


def _array(given: Any, slot: Slot, name: str) -> jax.Array:
    """Returns what is given in the place of a tensor, checked."""
    dtype = jax.dtypes.canonicalize_dtype(slot.dtype)
    if slot.dtype == np.float64 != dtype:
        raise UsageError(f"{name}: expected JAX with float64, got x64 off; set jax_enable_x64")
    if not hasattr(given, "shape") or not hasattr(given, "dtype"):
        raise UsageError(f"{name}: expected an array, got {type(given).__name__}")
    found = jnp.asarray(given)
    whole = jnp.issubdtype(found.dtype, np.integer) and jnp.issubdtype(dtype, np.integer)
    if found.shape != slot.shape or not (found.dtype == dtype or whole):
        raise UsageError(
            f"{name}: expected {dtype} of shape {slot.shape}, as the program was exported with, "
            f"got {found.dtype} of shape {found.shape}"
        )
    return found
