"""Models of Equinox that are for one sample, where a batch would fit by chance."""

import contextvars
import functools
from typing import Any

import jax

from compare.errors import UsageError
from compare.implementations.programs.models.adapters import PER_SAMPLE
from compare.problem.function import Call

# where a linear layer made more than one vector, in the call that runs now
_MATRICES: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar(
    "matrices", default=None
)


def note_linear(made: Any, place: str) -> None:
    """Notes that an `equinox.nn.Linear`, which takes one vector, has returned more than one."""
    seen = _MATRICES.get()
    if seen is not None and getattr(made, "ndim", 0) > 1:
        seen.append(place)


def of_samples(kind: str, module: Any, call: Call) -> Call:
    """Returns a call that refuses a batch which it can take only as if it were one sample.

    A batch of as many samples as a sample has features goes through a linear layer, which takes it
    for a matrix and multiplies it from the wrong side.

    Args:
      kind: what the model is, as errors begin.
      module: the model.
      call: of it.

    Raises:
      UsageError: by that call, if it can be called for each sample.
    """
    from equinox.nn import Linear

    def checked(arrays: Any, *inputs: Any) -> Any:
        seen: list[str] = []
        token = _MATRICES.set(seen)
        try:
            made = call(arrays, *inputs)
            if isinstance(module, Linear):
                note_linear(made[0], kind)
        finally:
            _MATRICES.reset(token)
        if seen and _fits(functools.partial(call, arrays), inputs):
            raise UsageError(
                f"{kind}: expected one sample, got a batch: {seen[0]} (Linear) takes one vector; "
                "call the model for each sample"
            )
        return made

    return checked


def _fits(call: Call, inputs: Any) -> bool:
    """Whether a model can be called for every sample of a batch."""
    try:
        jax.eval_shape(lambda: PER_SAMPLE.wrap(call)(*inputs))
    except Exception:  # whatever a model raises
        return False
    return True
