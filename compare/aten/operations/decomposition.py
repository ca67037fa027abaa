"""Which operations `torch.export` writes with others."""

from typing import Any

import torch

# What these are written with has other slopes at kinks, and NaN where they have a number: of a
# softplus at 1000, and of a softmax of a row that is masked.
WHOLE = (
    "_safe_softmax.default",
    "binary_cross_entropy.default",
    "celu.default",
    "hardsigmoid.default",
    "hardswish.default",
    "mish.default",
    "sinc.default",
    "softplus.default",
    "std.correction",
    "std_mean.correction",
)


def decompositions() -> dict[Any, Any]:
    """Returns the table of `torch.export` without operations that are to stay whole."""
    table = dict(torch.export.default_decompositions())
    for name in WHOLE:
        operation, _, overload = name.partition(".")
        table.pop(getattr(getattr(torch.ops.aten, operation), overload), None)
    return table
