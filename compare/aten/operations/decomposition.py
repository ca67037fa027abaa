"""Which operations `torch.export` writes with others."""

import functools
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
    return dict(_table(_composed()))


@functools.lru_cache(maxsize=1)  # torch looks through all operations there are, 26 times
def _table(_: frozenset[Any]) -> dict[Any, Any]:
    """Makes the table, as long as the operations of `_composed` are the same."""
    table = dict(torch.export.default_decompositions())
    for name in WHOLE:
        table.pop(_overload(f"aten::{name}"), None)
    return table


def _composed() -> frozenset[Any]:
    """Returns operations of others than ATen that are written with other ones.

    A library may register some, or take them back, at any time; those of ATen are torch's own.
    """
    names = torch._C._dispatch_get_registrations_for_dispatch_key("CompositeImplicitAutograd")
    return frozenset(_overload(name) for name in names if not name.startswith("aten::"))


def _overload(name: str) -> Any:
    namespace, _, rest = name.partition("::")
    operation, _, overload = rest.partition(".")
    return getattr(getattr(getattr(torch.ops, namespace), operation), overload or "default")
