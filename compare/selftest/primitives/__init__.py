"""What is tried of each primitive of `roundoff`, by name; of an 'a, b' the primitive is 'a'."""

from compare.selftest.primitives.arithmetic import ARITHMETIC
from compare.selftest.primitives.base import Primitive
from compare.selftest.primitives.control import CONTROL
from compare.selftest.primitives.convolution import CONVOLUTION
from compare.selftest.primitives.cumulative import CUMULATIVE
from compare.selftest.primitives.functions import FUNCTIONS
from compare.selftest.primitives.index import INDEX
from compare.selftest.primitives.linear import LINEAR
from compare.selftest.primitives.lookups import LOOKUPS
from compare.selftest.primitives.mapped import MAPPED
from compare.selftest.primitives.order import ORDER
from compare.selftest.primitives.pooling import POOLING
from compare.selftest.primitives.selection import SELECTION
from compare.selftest.primitives.solves import SOLVES
from compare.selftest.primitives.steps import STEPS

PRIMITIVES: dict[str, Primitive] = {
    **ARITHMETIC,
    **FUNCTIONS,
    **LINEAR,
    **SELECTION,
    **INDEX,
    **LOOKUPS,
    **CONVOLUTION,
    **POOLING,
    **MAPPED,
    **ORDER,
    **CUMULATIVE,
    **STEPS,
    **CONTROL,
    **SOLVES,
}
