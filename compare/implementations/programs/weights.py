"""The weights of a module that is a candidate: they have to be those of the reference."""

import dataclasses
import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.implementations.programs.base import Reference
from compare.implementations.programs.candidate import Candidate
from compare.implementations.user.torch_module import is_module
from compare.problem.array_likes import real_array
from compare.problem.function import Arguments, is_float

_HINT = "load_state_dict copies them"


def without_buffers(arguments: Arguments, candidates: Iterable[Candidate]) -> Arguments:
    """Returns the arguments of a function, not differentiated by what modules keep as buffers."""
    modules = [one.function for one in candidates if is_module(one.function)]
    buffers = {key for module in modules for key, _ in module.named_buffers()}
    left_out = {i for key, i in arguments.state.items() if key in buffers}
    wrt = tuple(i for i in arguments.wrt if i not in left_out)
    return dataclasses.replace(arguments, wrt=wrt)


def is_without_weights(module: Any) -> bool:
    """Whether a module has neither parameters nor buffers, so that it is a function."""
    return next(module.parameters(), None) is None and next(module.buffers(), None) is None


def is_of_others(module: Any, reference: Reference, arguments: Arguments) -> bool:
    """Whether a module has weights whose names are none of the reference's.

    They may be the same by chance where the reference is a model of another framework.
    """
    from torch_ref.module_checks import unwrapped

    own = {key for key, _ in unwrapped(module).named_parameters()}
    if not own or not arguments.has_state:
        return False
    is_of_jax = bool(reference.weights) and reference.program.framework == "jax"
    return is_of_jax or own.isdisjoint(arguments.state)


def check_takes_weights(name: str, f: Any, reference: Reference, arguments: Arguments) -> None:
    """Checks that a function beside a module takes weights before the inputs.

    Args:
      name: of the candidate.
      f: a function.
      reference: of any kind.
      arguments: of the reference.

    Raises:
      UsageError: if it takes the inputs alone, as one does that has weights of its own within.
    """
    given = arguments.structure.unflatten(arguments.leaves)
    if reference.weights and not _takes(f, given) and _takes(f, given[1:]):
        raise UsageError(
            f"{name}: expected a function of (state, *inputs) beside a module, got one of the "
            "inputs alone, whose own weights cannot be seen; pass the model that it calls, or "
            "Model(f, weights) with a function of (weights, *inputs)"
        )


def _takes(f: Any, given: Sequence[Any]) -> bool:
    """Whether a function can be called with so many arguments; so it can if nobody knows."""
    try:
        inspect.signature(f).bind(*given)
    except ValueError:
        return True
    except TypeError:
        return False
    return True


def check_weights(name: str, module: Any, reference: Reference, arguments: Arguments) -> None:
    """Checks that a module has the weights of the reference, bit for bit.

    Buffers may be in one of both alone; those of a state_dict that both have are compared too.

    Args:
      name: of the candidate.
      module: a torch.nn.Module.
      reference: a module, or a function whose first argument is a dict of weights.
      arguments: of the reference, in the dtype of the comparison.

    Raises:
      UsageError: naming the first that differs.
    """
    from torch_ref.module_checks import unwrapped

    plain = unwrapped(module)
    theirs = {key: arguments.leaves[i] for key, i in arguments.state.items()}
    own = {key: real_array(f"{name}: {key}", one) for key, one in plain.named_parameters()}
    kept = plain.state_dict()
    buffers = {key: real_array(key, one) for key, one in plain.named_buffers() if key in kept}
    if not arguments.has_state:
        raise UsageError(
            f"{name}: expected a function, since the first argument of the reference is no dict of "
            "weights by their names in the module; pass dict(module.named_parameters()) there"
        )
    _check_names(name, theirs, own, dict(plain.named_buffers()), reference)
    for key in [*own, *(key for key in buffers if key in theirs)]:
        _check_bits(
            f"{name}: expected the {key} of the reference,", {**own, **buffers}[key], theirs[key]
        )


def _check_names(
    name: str, theirs: dict[str, Any], own: dict[str, Any], buffers: Any, reference: Reference
) -> None:
    wanted = reference.arguments
    missing = next((key for key in own if key not in theirs), None)
    if missing is not None:
        raise UsageError(f"{name}: has weights {missing}, which the reference has not; {_HINT}")
    state, by = wanted.state, set(wanted.wrt)
    more = (key for key, i in state.items() if i in by and key not in own and key not in buffers)
    absent = next(more, None)
    if absent is not None:
        raise UsageError(f"{name}: has no weights {absent}, which the reference has")


def _check_bits(where: str, found: np.ndarray, expected: np.ndarray) -> None:
    if found.shape != expected.shape:
        raise UsageError(f"{where} of shape {expected.shape}, got {found.shape}")
    if is_float(expected):
        found = found.astype(expected.dtype)
    differ = np.argwhere((found != expected) & ~(np.isnan(found) & np.isnan(expected)))
    if len(differ):
        index = tuple(map(int, differ[0]))
        at = f" at [{','.join(map(str, index))}]" if index else ""
        raise UsageError(f"{where} {expected[index]}{at}, got {found[index]}; {_HINT}")
