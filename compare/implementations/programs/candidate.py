"""What a user brings as a candidate, and how it is called."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from compare.errors import UsageError, shown
from compare.implementations.programs.models.recognise import is_model

_ARRAYS = ("jax", "torch", "numpy")
_RETURNS = ("outputs", "both")
_EXPECTED = "expected a function, a torch module or (outputs, gradients)"


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A function that is called otherwise than `compare_functions` would by itself.

    Attributes:
      function: a function of the arguments of the reference; where that is a module, of its
        (state, *inputs).
      arrays: what it is given, 'jax', 'torch' or 'numpy' arrays; None to find out, by trying.
      returns: 'outputs', which are differentiated by its framework; or 'both', the pair (outputs,
        gradients), for a backward pass of its own, as every function of NumPy has. Where the
        outputs are not one loss, it then takes the cotangents, in their structure, as a last
        argument.
    """

    function: Any
    arrays: Literal["jax", "torch", "numpy"] | None = None
    returns: Literal["outputs", "both"] = "outputs"


def named_candidates(given: Any) -> dict[str, Candidate]:
    """Returns candidates by their names.

    Args:
      given: one, named 'candidate', or a dict of several.

    Raises:
      UsageError: for anything else.
    """
    if is_model(given):
        return {"candidate": Candidate(given)}
    if isinstance(given, Mapping):
        if not given:
            raise UsageError("candidates: expected at least one, got an empty dict")
        odd = next((name for name in given if not isinstance(name, str) or not name), None)
        if odd is not None or "reference" in given:
            got = "'reference', which the reference is" if odd is None else shown(odd)
            raise UsageError(f"candidates: expected names, got {got}")
        return {name: _candidate(name, one) for name, one in given.items()}
    if isinstance(given, list) or (isinstance(given, tuple) and all(map(callable, given))):
        raise UsageError(
            "candidates: expected one, or a dict of several by their names, got a "
            f"{type(given).__name__}; (outputs, gradients) that exist are a tuple of two"
        )
    return {"candidate": _candidate("candidate", given)}


def _candidate(name: str, given: Any) -> Candidate:
    found = given if isinstance(given, Candidate) else Candidate(given)
    f = found.function
    if isinstance(f, type):
        raise UsageError(f"{name}: {_EXPECTED}, got the class {shown(f)}; pass an object of it")
    if not callable(f) and not isinstance(f, tuple) and not is_model(f):
        raise UsageError(f"{name}: {_EXPECTED}, got {shown(f)}")
    if found.arrays not in (None, *_ARRAYS):
        raise UsageError(
            f"{name}: arrays: expected one of {', '.join(_ARRAYS)}, got {shown(found.arrays)}"
        )
    if found.returns not in _RETURNS:
        raise UsageError(
            f"{name}: returns: expected one of {', '.join(_RETURNS)}, got {shown(found.returns)}"
        )
    return found
