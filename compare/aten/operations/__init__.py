"""ATen's operations in JAX: a function of arrays for every overload.

A function takes the arguments of its overload's schema, without those that say where an array lies
(device, layout, pin_memory, memory_format, non_blocking); dtypes are NumPy's. Its value is that of
torch, in torch's dtype, and so is the gradient that JAX makes of it, at kinks and ties as well.
Each module has its own operations; here they come together.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from compare.aten.operations import (
    activation,
    arithmetic,
    comparison,
    convolution,
    creation,
    cumulative,
    distances,
    elementary,
    embedding,
    extremes,
    indexing,
    linear,
    losses,
    normalisation,
    padding,
    pooling,
    reduction,
    sampling,
    scatter,
    settled,
    shape,
    solving,
)

OPERATIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **arithmetic.OPERATIONS,
        **elementary.OPERATIONS,
        **comparison.OPERATIONS,
        **activation.OPERATIONS,
        **reduction.OPERATIONS,
        **extremes.OPERATIONS,
        **cumulative.OPERATIONS,
        **distances.OPERATIONS,
        **linear.OPERATIONS,
        **solving.OPERATIONS,
        **convolution.OPERATIONS,
        **normalisation.OPERATIONS,
        **losses.OPERATIONS,
        **pooling.OPERATIONS,
        **padding.OPERATIONS,
        **sampling.OPERATIONS,
        **shape.OPERATIONS,
        **indexing.OPERATIONS,
        **embedding.OPERATIONS,
        **scatter.OPERATIONS,
        **creation.OPERATIONS,
        **settled.OPERATIONS,
    }
)
