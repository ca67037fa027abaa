"""Checks of models that hold their weights: numbers, inputs, and no random draws."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax

from compare.errors import UsageError, shown
from compare.implementations.programs.models.names import Path, dotted


def check_call(kind: str, module: Any) -> None:
    """Checks that a module can be called.

    Raises:
      UsageError: if it has no `__call__`.
    """
    if not callable(module):
        raise UsageError(
            f"{kind}: expected a model with a method __call__, got {shown(module)}, which has none"
        )


def check_present(kind: str, layers: Iterable[tuple[Path, Any]], *names: str) -> None:
    """Checks that layers have their weights.

    Args:
      kind: what the model is, as errors begin.
      layers: with their paths.
      *names: of weights, of which a layer may have none but always has those that it names.

    Raises:
      UsageError: with the first that is None.
    """
    for path, one in layers:
        for name in names:
            if getattr(one, name, one) is None:
                raise UsageError(
                    f"{kind}: {dotted((*path, name))}: expected an array, got None; put the "
                    "arrays back into the model"
                )


def check_numbers(kind: str, pairs: Sequence[tuple[Path, Any]], *, advice: str) -> None:
    """Checks that the weights of a model are more than shapes.

    Args:
      kind: what it is, as errors begin.
      pairs: all that it holds, with its path.
      advice: what to do.

    Raises:
      UsageError: with the first that is but a shape.
    """
    for path, leaf in pairs:
        if isinstance(leaf, jax.ShapeDtypeStruct):
            raise UsageError(
                f"{kind}: {dotted(path)}: expected an array, got its shape alone; {advice}"
            )


def check_inputs(
    kind: str, call: Callable[..., Any], inputs: Sequence[Any], named: Mapping[str, Any]
) -> None:
    """Checks that a model can be called with as many inputs.

    Args:
      kind: of the model.
      call: its `__call__`.
      inputs: that it gets.
      named: what it gets by name.

    Raises:
      UsageError: with what it lacks or does not take.
    """
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):  # of what Python cannot look into
        return
    try:
        signature.bind(*inputs, **named)
    except TypeError as error:
        own = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
        said = signature.replace(parameters=own, return_annotation=signature.empty)
        number = "1 input" if len(inputs) == 1 else f"{len(inputs)} inputs"
        raise UsageError(
            f"{kind}: expected a model that can be called with {number}, got __call__{said}: "
            f"{error}; pass Model(model, inputs=f), where f makes its inputs of the arguments"
        ) from None


def chance(where: str, what: str, *, advice: str) -> UsageError:
    """Makes the error for a forward that draws random numbers.

    Args:
      where: the model or the submodule, as errors begin.
      what: draws them.
      advice: what to do.
    """
    return UsageError(f"{where}: expected a deterministic forward, got {what}; {advice}")
