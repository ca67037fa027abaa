"""Calls of operations entry by entry."""

import numpy as np

from tests.aten.calls import INF, KINKS, MASK, NAN, TIES, above, at, case, each, whole, within, x

ARITHMETIC = [
    *each("add.Tensor sub.Tensor rsub.Tensor", x(3, 4), x(4), alpha=2),
    *each("add.Tensor mul.Tensor sub.Tensor", x(3, 4), np.float64(0.3)),
    *each("add.Scalar sub.Scalar rsub.Scalar mul.Scalar div.Scalar", x(3), 0.1),
    *each("add.Tensor mul.Tensor sub.Tensor div.Tensor", x(3), 2),
    *each("add.Tensor mul.Tensor maximum minimum", x(3), whole(4, 2, 1)),
    *each("add.Tensor mul.Tensor", whole(4, 2), 0.5),
    *each("add.Tensor mul.Tensor div.Tensor", whole(4, 2), np.float64(0.5)),
    *each("add.Tensor mul.Tensor div.Tensor", MASK, x(3)),
    *each("add.Tensor mul.Tensor", MASK, 2),
    *each("div.Tensor fmod.Tensor remainder.Tensor", x(3, 4), above(4)),
    *each("fmod.Tensor remainder.Tensor", x(6), at(-1, 2, -0.3, 0.7, 1, -3)),
    case("floor_divide", x(6), at(-1, 2, -0.3, 0.7, 1, -3), constant=(0, 1)),
    *each("fmod.Scalar remainder.Scalar", 3 * x(6), -0.7),
    *each("div.Tensor div.Scalar", whole(9, 4), 4),
    *[
        case(name, 5 * x(5), -2, rounding_mode=mode)
        for name in ("div.Tensor_mode", "div.Scalar_mode")
        for mode in (None, "floor", "trunc")
    ],
    case("div.Tensor_mode", whole(9, 4) - 5, np.array([2, -2, 3, 3]), rounding_mode="trunc"),
    case("div.Tensor_mode", whole(9, 4) - 5, np.array([2, -2, 3, 3]), rounding_mode="floor"),
    *[case("pow.Tensor_Scalar", at(-2, -0.5, 0, 1, 3), n) for n in (0, 1, 2, 3, 2.0, 10)],
    *[case("pow.Tensor_Scalar", above(4), n) for n in (-1, -2, 0.5, -0.5, 1.7, -2.5)],
    *[case("pow.Scalar", n, x(4)) for n in (1, 2, 0.3)],
    case("pow.Tensor_Tensor", above(3, 1), x(4)),
    case("pow.Tensor_Tensor", at(0, 0, 2, -2), at(0, 2, 0, 2)),
    *each("neg abs sign floor ceil trunc round", KINKS),
    *each("round.decimals", 30 * x(4), decimals=1),
    *each("round.decimals", 300 * x(4), decimals=-1),
    *each("reciprocal", above(4)),
    *each("maximum minimum", at(1, 2, 3), at(2, 2, 2)),
    *each("fmax fmin", at(1, 2, 3, NAN, 1), at(2, 2, 2, 1, NAN)),
    case("clamp", KINKS, -1, 1),
    case("clamp", KINKS, None, 0.5),
    case("clamp", KINKS, 0.1),
    case("clamp.Tensor", KINKS, x(7), np.float64(0.5)),
    case("clamp.Tensor", KINKS, None, np.float64(0.5)),
    case("clamp.Tensor", KINKS, np.float64(1), np.float64(-1)),
    *each("hypot atan2", x(3, 1), x(4)),
    case("copysign.Tensor", at(-1, 2, 0, -3), at(1, -1, 1, -2)),
    case("ldexp.Tensor", x(3), whole(3, 3)),
]

ELEMENTARY = [
    *each("exp exp2 expm1 sin cos tan sinh cosh tanh asinh atan sigmoid erf erfc", x(5)),
    *each("log log2 log10 log1p sqrt rsqrt lgamma", above(5)),
    *each("asin acos atanh erfinv", within(5)),
    case("acosh", above(5) + 1),
    case("sinc", at(-1.5, 0, 0.3)),
    *each("sqrt rsqrt log sigmoid exp tanh atan", at(0, INF, NAN)),
    *each("exp sqrt log sigmoid tanh", x()),
]

COMPARISON = [
    *[
        case(f"{name}.{overload}", TIES, other)
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
        for overload, other in (("Tensor", at(1, 2, 0)), ("Scalar", 1.5))
    ],
    *[
        case(f"bitwise_{name}.{overload}", whole(8, 2, 3), other)
        for name in ("and", "or", "xor")
        for overload, other in (("Tensor", whole(8, 3)), ("Scalar", 3))
    ],
    *each("bitwise_and.Tensor bitwise_or.Tensor bitwise_xor.Tensor", MASK, MASK[0]),
    *each("bitwise_left_shift.Tensor bitwise_right_shift.Tensor", whole(8, 3), whole(3, 3)),
    *each("logical_and logical_or logical_xor", MASK, TIES),
    *each("logical_not", TIES),
    *each("bitwise_not", MASK),
    *each("bitwise_not", whole(8, 3)),
    *each("isnan isinf signbit", at(-1, 0, NAN, INF, -INF)),
    case("where.self", MASK, x(2, 3), x(3)),
    case("where.self", MASK, x(2, 3), np.float64(NAN)),
    case("where.self", MASK[0], whole(3, 2, 3), np.float64(0.5)),
]

ACTIVATIONS = [
    *each("relu leaky_relu elu hardtanh gelu", KINKS),
    *each("celu softplus mish", at(-300, -2, 0, 1, 30, 300)),
    case("celu", KINKS, 0.5),
    case("softplus", KINKS, 2, 1.5),
    *each("_safe_softmax", x(2, 3), -1),
    *each("_safe_softmax", at(-INF, -INF, 1, -INF).reshape(2, 2), 1),
    *each("hardswish hardsigmoid", at(-4, -3, -1, 0, 2, 3, 5)),
    case("leaky_relu", KINKS, 0.3),
    case("elu", KINKS, 1.6732632423543772, 1.0507009873554805),
    case("elu", KINKS, 1, 1, 0.5),
    case("hardtanh", KINKS * 3, 0, 6),
    case("gelu", x(5), approximate="tanh"),
    *each("_softmax _log_softmax", x(3, 4), -1, False),
    *each("_softmax _log_softmax", x(3, 4), 0, False),
    *each("_softmax _log_softmax", at(1000, 999, 990), 0, False),
    *each("_softmax _log_softmax", x(), 0, False),
    *each("_softmax", at(-INF, -INF, 1, -INF).reshape(2, 2), 1, False),
]

LOSSES = [
    *[case("binary_cross_entropy", within(3) ** 2, within(3) ** 2, None, how) for how in (0, 1, 2)],
    case("binary_cross_entropy", within(3) ** 2, within(3) ** 2, above(3), constant=(2,)),
    case("binary_cross_entropy", at(0, 1, 0, 1), at(0, 1, 1, 0), constant=(1,)),
]
