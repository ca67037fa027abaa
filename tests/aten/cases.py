"""Calls of every operation of ATen: torch and JAX are to agree at them."""

from tests.aten.elementwise_cases import ACTIVATIONS, ARITHMETIC, COMPARISON, ELEMENTARY, LOSSES
from tests.aten.joining_cases import (
    CUMULATIVE,
    DISTANCES,
    EXTREMES,
    LINEAR,
    NORMALISATIONS,
    POOLING,
    REDUCTIONS,
    SOLVING,
    convolutions,
)
from tests.aten.moving_cases import CREATION, INDEXING, PADDING, SAMPLING, SCATTERS, SETTLED, SHAPES

CASES = (
    *ARITHMETIC,
    *ELEMENTARY,
    *COMPARISON,
    *ACTIVATIONS,
    *REDUCTIONS,
    *EXTREMES,
    *CUMULATIVE,
    *LINEAR,
    *convolutions(),
    *LOSSES,
    *NORMALISATIONS,
    *POOLING,
    *PADDING,
    *SHAPES,
    *INDEXING,
    *SCATTERS,
    *SAMPLING,
    *SOLVING,
    *DISTANCES,
    *CREATION,
    *SETTLED,
)

# what returns nothing, or what was in memory
WITHOUT = {
    "_assert_async.msg",
    "_assert_scalar.default",
    "_assert_tensor_metadata.default",
    "empty.memory_format",
    "empty_permuted.default",
    "empty_strided.default",
}
