"""The rules of `roundoff`: what each JAX primitive does to values and to their errors.

A rule takes the analysis, the equation and its operands, and returns one Enclosure. Its docstring
derives its bound, with u, lam and gamma as in `roundoff_transform`. What shape of rule it is says
what is done before and after it:

  rounded   operands that may be subnormal may be read as 0; the result may under- or overflow
  chosen    operands likewise; the result is one of few, and none of its own
  moved     nothing happens to a number
"""

import operator
from collections.abc import Callable
from types import MappingProxyType

from compare.evidence.rounding.enclosure import Enclosure
from compare.evidence.rounding.primitives import control, elementwise, index, math_functions
from compare.evidence.rounding.primitives.linear import dot_general
from compare.evidence.rounding.primitives.reduce import reduce_max, reduce_sum

Rules = MappingProxyType[str, Callable[..., Enclosure]]

ROUNDED: Rules = MappingProxyType(
    {
        # entry by entry
        "add": elementwise.add,
        "add_any": elementwise.add,
        "sub": elementwise.sub,
        "mul": elementwise.mul,
        "div": elementwise.div,
        "square": elementwise.square,
        "one_minus_square": elementwise.one_minus_square,
        "integer_pow": elementwise.integer_pow,
        "convert_element_type": elementwise.convert_element_type,
        # mathematical functions
        "logistic": math_functions.logistic,
        "tanh": math_functions.monotone("tanh"),
        "exp": math_functions.exp,
        "expm1": math_functions.monotone("expm1"),
        "log": math_functions.monotone("log"),
        "log1p": math_functions.monotone("log1p"),
        "erf": math_functions.erf,
        "erfc": math_functions.erfc,
        "sqrt": math_functions.monotone("sqrt"),
        # sums
        "dot_general": dot_general,
        "reduce_sum": reduce_sum,
    }
)
# those whose results may be smaller than any number, though no operand is 0
VANISHING = frozenset({"mul", "div", "square", "integer_pow", "exp", "logistic", "erfc"})
CHOSEN: Rules = MappingProxyType(
    {
        "max": control.maximum,
        "min": control.minimum,
        "clamp": control.clamp,
        "reduce_max": reduce_max,
        "neg": control.neg,
        "abs": control.magnitude,
        "sign": control.sign,
        "gt": control.compared(operator.gt),
        "ge": control.compared(operator.ge),
        "lt": control.compared(operator.lt),
        "le": control.compared(operator.le),
        "eq": control.compared(operator.eq),
        "ne": control.compared(operator.ne),
        "and": control.logical(operator.and_),
        "or": control.logical(operator.or_),
        "not": control.logical(operator.invert),
        "is_finite": control.is_finite,
        "select_n": control.select_n,
    }
)
MOVED: Rules = MappingProxyType(
    {
        "copy": index.same,
        "stop_gradient": index.same,
        "broadcast_in_dim": index.broadcast_in_dim,
        "transpose": index.transpose,
        "reshape": index.reshape,
        "squeeze": index.squeeze,
        "slice": index.moved,
        "rev": index.moved,
        "concatenate": index.moved,
    }
)
RULES: Rules = MappingProxyType({**ROUNDED, **CHOSEN, **MOVED})
