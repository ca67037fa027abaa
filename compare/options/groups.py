"""The rarer arguments of `compare_gradients`, in groups: small frozen objects, each of one concern.

A field is an option of the table in `run_options`, and has its default from there.
"""

import dataclasses
import os
from collections.abc import Iterator
from typing import Any, Literal

from compare.errors import UsageError, shown
from compare.options.arguments import path_text
from compare.options.config import OPTIONS

Output = Literal["linear", "sigmoid", "tanh", "softmax"]
Loss = Literal[
    "squared",
    "half_squared",
    "mean_squared",
    "cross_entropy",
    "binary_cross_entropy",
    "huber",
    "absolute",
    "hinge",
]
Bias = Literal["all", "none"]
Layout = Literal["in_out", "out_in"]
Reduction = Literal["mean", "sum"]


def _of(option: str) -> Any:
    """Declares a field that is an option of the table."""
    return dataclasses.field(default=OPTIONS[option].default, metadata={"option": option})


@dataclasses.dataclass(frozen=True, kw_only=True)
class CallStyle:
    """How candidates are called, and what they return.

    Attributes:
      arrays: what they are given, 'numpy', 'torch' or 'jax' arrays.
      batched: whether they take x [N, d] and y [N, k], and return a leading N.
      returns: 'gradients'; or 'update' for functions that take one step of gradient descent, and
        return new weights or leave them in what they are given.
      learning_rate: the rate of that step; a larger one shows more digits of the gradient.
      batch_size: how many samples a batch of `reduction` has; None for all, up to as many as are
        computed at once.
    """

    arrays: Literal["numpy", "torch", "jax"] = _of("candidate_arrays")
    batched: bool = _of("candidate_batched")
    returns: Literal["gradients", "update"] = _of("candidate_returns")
    learning_rate: float | None = _of("learning_rate")
    batch_size: int | None = _of("batch_size")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """Where both frameworks compute, how exactly, and how often.

    Attributes:
      device: 'cpu', 'gpu', one such as 'cuda:0', or 'all' for each of them on every device.
      matmul_precision: 'highest', 'high' or 'default': what both frameworks are told of matrix
        products. What they make of it is measured, and stands in the report's `engines`.
      deterministic: whether to allow both only operations that repeat to the bit; for JAX on a GPU
        set XLA_FLAGS=--xla_gpu_deterministic_ops=true before it is first used.
      repeats: how many times more to compute everything, to tell what changes from run to run.
    """

    device: str = _of("device")
    matmul_precision: Literal["highest", "high", "default"] = _of("matmul_precision")
    deterministic: bool = _of("deterministic")
    repeats: int = _of("repeats")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draw:
    """What is drawn where no weights or samples are given, and the seed of all that is.

    Attributes:
      layer_sizes: units in every layer, inputs first and outputs last; of weights that are drawn.
      init: how weights are drawn: 'torch' is U(-1/sqrt(n_in), 1/sqrt(n_in)), 'normal' N(0, 1).
      samples: how many samples are drawn, from U[0,1].
      seed: of weights and samples; it chooses those with more evidence than others, too.
    """

    layer_sizes: tuple[int, ...] = _of("layer_sizes")
    init: Literal["torch", "normal"] = _of("init")
    samples: int = _of("samples")
    seed: int = _of("seed")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Detail:
    """What is looked at more closely.

    Attributes:
      trace: the number of a sample whose every step is to be kept in the report.
      witness: how many samples are held against complex-step derivatives.
      baseline: a file of `save_baseline`, of the same weights and samples, to hold this comparison
        against: what has moved stands in the report's `change`, with the versions, settings and
        flags that differ.
      save_baseline: a .npz file to keep all gradients in, and what was found of them.
    """

    trace: int | None = _of("trace")
    witness: int = _of("witness")
    baseline: "str | os.PathLike[str] | None" = _of("baseline")  # noqa: RUF009
    save_baseline: "str | os.PathLike[str] | None" = _of("save_baseline")  # noqa: RUF009


GROUPS = {"call_style": CallStyle, "machine": Machine, "draw": Draw, "detail": Detail}
# option -> the argument that is a group, and the name of the field in it
FIELDS = {
    field.metadata["option"]: (argument, field.name)
    for argument, group in GROUPS.items()
    for field in dataclasses.fields(group)
}


def options_in(**groups: Any) -> dict[str, Any]:
    """Returns the values of all groups by the names of their options, not yet checked.

    Raises:
      UsageError: for an argument that is another object.
    """
    options = dict(_values(groups))
    if shown(options["device"]) == "device":  # of torch
        options["device"] = str(options["device"])
    for name in ("baseline", "save_baseline"):
        options[name] = path_text(name, options[name], "a file")
    return options


def _values(groups: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for argument, group in groups.items():
        kind = GROUPS[argument]
        if not isinstance(group, kind):
            raise UsageError(
                f"{argument}: expected compare.{kind.__name__}(...), got {shown(group)}"
            )
        for field in dataclasses.fields(kind):
            yield field.metadata["option"], getattr(group, field.name)
