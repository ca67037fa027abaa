"""The rules of `roundoff`: what each JAX primitive does to values and to their errors.

A rule takes the analysis, the equation and its operands, and returns one Enclosure, or a list of
them if the primitive has several results. Its docstring derives its bound, with u, lam and gamma as
in `roundoff_transform`. `row.SHAPES` says what is done before and after a rule of each shape. Each
module has its own rows; here they come together.
"""

from compare.evidence.rounding.primitives import (
    cholesky,
    control,
    conversion,
    convolution,
    cumulative,
    elementwise,
    extremes,
    gather,
    index,
    linear,
    mapped,
    monotone,
    order,
    pieces,
    pooling,
    powers,
    products,
    reduce,
    scatter,
    scatter_extremes,
    scatter_products,
    scatter_sums,
    selection,
    solves,
    special,
    steps,
    trigonometric,
)
from compare.evidence.rounding.primitives.checked import checked
from compare.evidence.rounding.primitives.row import SHAPES, Row, Rule

RULES: dict[str, Row] = {
    **elementwise.ROWS,
    **conversion.ROWS,
    **monotone.ROWS,
    **trigonometric.ROWS,
    **powers.ROWS,
    **special.ROWS,
    **linear.ROWS,
    **convolution.ROWS,
    **reduce.ROWS,
    **selection.ROWS,
    **extremes.ROWS,
    **mapped.ROWS,
    **pooling.ROWS,
    **index.ROWS,
    **pieces.ROWS,
    **gather.ROWS,
    **scatter.ROWS,
    **scatter_extremes.ROWS,
    **scatter_sums.ROWS,
    **scatter_products.ROWS,
    **control.ROWS,
    **order.ROWS,
    **cumulative.ROWS,
    **products.ROWS,
    **steps.ROWS,
    **solves.ROWS,
    **cholesky.ROWS,
}


def register_rule(primitive: object, rule: Rule, *, shape: str = "elementwise") -> None:
    """Teaches `roundoff` a primitive, or another rule of one that it knows.

    Args:
      primitive: a `jax.extend.core.Primitive`, or its name.
      rule: a function of the analysis, the equation and one Enclosure for each operand. It returns
        one Enclosure, or a list of them if the primitive has several results: the value, and for
        every reading a bound of the error.
      shape: what is done before and after it: 'elementwise', 'monotone' and 'linear' allow for
        subnormal operands that are read as 0 and for results that under- or overflow, 'selection'
        for the former alone, 'index' and 'control' for neither.

    Raises:
      TypeError: for what is neither a primitive nor a name, and a rule that is no function. Where
        the rule is used, for what it returns that is no Enclosure.
      ValueError: for an unknown shape. Where the rule is used, for results that do not fit.
    """
    name = getattr(primitive, "name", None) if hasattr(primitive, "bind") else primitive
    if not isinstance(name, str):
        raise TypeError(f"primitive: expected a Primitive or its name, got {primitive!r}")
    if not callable(rule):
        raise TypeError(
            f"rule: expected a function of (analysis, equation, *operands), got {rule!r}"
        )
    if shape not in SHAPES:
        raise ValueError(f"shape: expected one of {', '.join(SHAPES)}, got {shape!r}")
    RULES[name] = Row(shape, checked(name, rule))
