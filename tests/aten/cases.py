"""Arguments for every operation of ATen: torch and JAX are to agree at them."""

from typing import Any, NamedTuple

import numpy as np

_rng = np.random.default_rng(0)


class Case(NamedTuple):
    """A call of an overload. Arrays of float64 stand for those of any dtype."""

    overload: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    constant: tuple[int, ...] = ()  # arguments that torch takes no gradient of


def x(*shape):
    return _rng.normal(size=shape)


def above(*shape):
    """Returns positive numbers."""
    return np.abs(x(*shape)) + 0.3


def within(*shape):
    """Returns numbers between -1 and 1."""
    return _rng.uniform(-0.9, 0.9, size=shape)


def whole(n, *shape):
    """Returns integers below n."""
    return _rng.integers(n, size=shape)


def at(*numbers):
    return np.array(numbers, float)


def case(overload, *args, constant=(), **kwargs):
    name = overload if "." in overload or overload == "getitem" else overload + ".default"
    return Case(name, args, kwargs, constant)


def each(overloads, *args, **kwargs):
    return [case(overload, *args, **kwargs) for overload in overloads.split()]


KINKS = at(-2, -1, -0.5, 0, 0.5, 1, 2)
TIES = at(1, 2, 2, 1, 2, 0).reshape(2, 3)
MASK = np.array([[True, False, True], [False, True, True]])
NAN, INF = float("nan"), float("inf")

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
    case("leaky_relu", KINKS, 0.3),
    case("elu", KINKS, 1.6732632423543772, 1.0507009873554805),
    case("elu", KINKS, 1, 1, 0.5),
    case("hardtanh", KINKS * 3, 0, 6),
    case("gelu", x(5), approximate="tanh"),
    *each("_softmax _log_softmax", x(3, 4), -1, False),
    *each("_softmax _log_softmax", x(3, 4), 0, False),
    *each("_softmax _log_softmax", x(), 0, False),
    *each("_softmax", at(-INF, -INF, 1, -INF).reshape(2, 2), 1, False),
]

REDUCTIONS = [
    *each("sum prod mean max min any all", x(3, 4)),
    *each("sum prod any all max min", whole(5, 3)),
    *each("sum mean any max", x()),
    *each("sum any", np.zeros((0, 3))),
    *each("sum.dim_IntList mean.dim amax amin any.dims", x(3, 4, 2), [0, -1]),
    *each("sum.dim_IntList mean.dim var.dim amax amin any.dims", x(3, 4), [1], keepdim=True),
    *each("sum.dim_IntList mean.dim var.dim any.dims", x(3, 4), None),
    *each("sum.dim_IntList prod.dim_int any.dim all.dim", whole(3, 3, 4), 0, True),
    *each("all.dims", MASK, [0]),
    *each("sum mean", whole(5, 3), dtype="float64"),
    *each("prod.dim_int", at(1, 2, 0, 3, 0, 0, 2, 3, 4).reshape(3, 3), 1),
    *each("prod", at(1, 0, 3)),
    *each("var.correction var_mean.correction", x(3, 4)),
    *each("var.correction var_mean.correction", x(3, 4), [1], correction=0, keepdim=True),
    *each("var.correction", x(3, 4, 2), [0, 2], correction=2),
    case("var.dim", x(3, 4), [0], False),
    *[case("linalg_vector_norm", x(3, 4), p, [1]) for p in (0, 1, 2, 3, 1.5, INF, -INF)],
    *[case("linalg_vector_norm", at(0, 0, 0, 1, 0, -1).reshape(2, 3), p, [1]) for p in (1, 2, 3)],
    case("linalg_vector_norm", x(3, 4), 2, None, True),
    case("linalg_vector_norm", TIES, INF, [1]),
    *[case("dist", x(3, 4), x(3, 4), p) for p in (1, 2)],
]

EXTREMES = [
    *each("amax amin", TIES, [1]),
    *each("amax amin", TIES),
    *each("amax amin max min", x()),
    *each("max min", TIES),
    *each("max.dim min.dim", TIES, 1),
    *each("max.dim min.dim median.dim", x(3, 5), -1, True),
    *each("max.dim min.dim median.dim", x(), 0),
    *each("max.dim min.dim median.dim", at(1, NAN, 2, 3).reshape(2, 2), 1),
    case("median", x(3, 4)),
    case("median", at(1, 2, NAN)),
    *each("median.dim", x(3, 4), 0),
    *each("argmax argmin", TIES),
    *each("argmax argmin", TIES, 0),
    *each("argmax argmin", x(3, 4), 1, True),
    case("kthvalue", x(3, 5), 2, 1),
    *each("sort", x(3, 4)),
    *each("sort", x(3, 4), 0, True),
    *each("sort.stable", TIES, stable=True, dim=1, descending=True),
    *each("sort.stable", TIES, stable=True, dim=0),
    case("topk", x(3, 5), 2),
    case("topk", x(3, 5), 2, 0, False),
    case("topk", x(), 1),
]

CUMULATIVE = [
    *each("cumsum cumprod logcumsumexp cummax cummin", x(3, 4), 1),
    *each("cumsum cumprod cummax cummin", TIES, 0),
    *each("cumsum cumprod cummax cummin", TIES, -1),
    *each("cumsum cumprod logcumsumexp cummax cummin", x(), 0),
    *each("cumsum cumprod", whole(4, 5), 0),
    case("cumsum", whole(4, 5), 0, dtype="float64"),
]

LINEAR = [
    case("mm", x(3, 4), x(4, 2)),
    case("mm", x(3, 0), x(0, 2)),
    case("bmm", x(2, 3, 4), x(2, 4, 2)),
    case("mv", x(3, 4), x(4)),
    case("dot", x(4), x(4)),
    case("addmm", x(2), x(3, 4), x(4, 2)),
    case("addmm", x(3, 2), x(3, 4), x(4, 2), beta=3, alpha=2),
    case("addmm", np.full(2, NAN), x(3, 4), x(4, 2), beta=0),
    case("addmv", x(3), x(3, 4), x(4), alpha=3),
    case("baddbmm", x(3, 2), x(2, 3, 4), x(2, 4, 2), beta=2),
    case("_trilinear", x(4, 2), x(3, 2, 5), x(4, 5), [1, 3], [0], [1, 2], [2, 3]),
    case("addbmm", x(3, 2), x(2, 3, 4), x(2, 4, 2), alpha=2),
]


def _convolutions():
    plain = ([1], [0], [1], False, [0], 1)
    yield case("convolution", x(2, 3, 8), x(4, 3, 3), x(4), *plain)
    yield case("convolution", x(1, 2, 4, 4, 4), x(2, 2, 2, 2, 2), None, *plain)
    options = [2, 1], [1, 2], [1, 2]
    yield case("convolution", x(2, 4, 6, 7), x(6, 2, 3, 2), x(6), *options, False, [0, 0], 2)
    yield case("convolution", x(2, 4, 4, 5), x(4, 3, 3, 2), x(6), *options, True, [1, 0], 2)
    yield case("convolution", x(2, 3, 5), x(3, 2, 4), None, [3], [1], [1], True, [2], 1)
    yield case("convolution", x(2, 3, 5), x(3, 1, 2), None, [1], [0], [1], False, [0], 3)
    yield case("conv_tbc", x(5, 2, 3), x(2, 3, 4), x(4), 1)


NORMALISATIONS = [
    case("native_layer_norm", x(2, 3, 4), [4], x(4), x(4), 1e-5),
    case("native_layer_norm", x(2, 3, 4), [3, 4], None, None, 0.1),
    case("native_group_norm", x(2, 6, 5), x(6), x(6), 2, 6, 5, 3, 1e-5),
    case("native_group_norm", x(2, 4, 2, 3), None, None, 2, 4, 6, 2, 1e-5),
    case("_native_batch_norm_legit.no_stats", x(4, 3, 5), x(3), x(3), True, 0.1, 1e-5),
    case(
        "_native_batch_norm_legit_functional",
        x(4, 3),
        x(3),
        None,
        x(3),
        above(3),
        True,
        0.1,
        1e-5,
        constant=(3, 4),
    ),
    case(
        "_native_batch_norm_legit_functional",
        *(x(4, 3, 2), None, None, x(3), above(3), False, 0.1, 1e-5),
        constant=(3, 4),
    ),
    case(
        "_native_batch_norm_legit_no_training",
        x(4, 3, 5),
        x(3),
        x(3),
        x(3),
        above(3),
        0.1,
        1e-5,
        constant=(3, 4),
    ),
]

POOLING = [
    case("max_pool2d_with_indices", x(2, 2, 5, 6), [2, 2]),
    case("max_pool2d_with_indices", x(2, 6, 7), [3, 2], [2, 2], [1, 1], [1, 2], True),
    case("max_pool2d_with_indices", np.ones((1, 1, 4, 4)), [3, 3], [1, 1], [1, 1]),
    case("max_pool3d_with_indices", x(1, 2, 4, 4, 4), [2, 2, 2]),
    case("avg_pool2d", x(2, 2, 5, 6), [2, 3]),
    case("avg_pool2d", x(2, 5, 6), [3], [2], [1], True),
    case("avg_pool2d", x(1, 1, 5, 6), [3, 3], [2, 2], [1, 1], True, False),
    case("avg_pool2d", x(1, 1, 5, 6), [2, 2], [2, 2], [0, 0], False, True, 3),
    case("avg_pool1d", x(2, 3, 7), [2]),
    case("avg_pool3d", x(1, 2, 4, 4, 4), [2, 2, 2], [2, 2, 2], [1, 0, 1]),
    case("_adaptive_avg_pool2d", x(2, 3, 6, 4), [3, 2]),
    case("_adaptive_avg_pool2d", x(2, 5, 7), [3, 4]),
    case("_adaptive_avg_pool3d", x(1, 2, 4, 3, 5), [2, 2, 2]),
    case("adaptive_max_pool2d", x(2, 3, 5, 7), [3, 4]),
    case("adaptive_max_pool2d", np.ones((1, 4, 4)), [3, 3]),
    case("adaptive_max_pool3d", x(1, 2, 4, 3, 5), [2, 2, 2]),
]

PADDING = [
    case("constant_pad_nd", x(2, 3, 4), [1, 2, 0, 1], 0.5),
    case("constant_pad_nd", x(2, 5), [-1, 2]),
    case("reflection_pad1d", x(2, 3, 5), [2, 1]),
    case("reflection_pad2d", x(2, 4, 5), [2, 1, 0, 3]),
    case("reflection_pad3d", x(1, 2, 3, 4, 5), [2, 1, 0, 3, 1, 1]),
    case("replication_pad1d", x(2, 3, 5), [2, 1]),
    case("replication_pad2d", x(2, 4, 5), [2, 1, 0, 3]),
    case("replication_pad3d", x(1, 2, 3, 4, 5), [2, 1, 0, 3, 1, 1]),
]

SHAPES = [
    *each("view _unsafe_view reshape", x(3, 4), [2, -1]),
    case("permute", x(2, 3, 4), [2, 0, -2]),
    case("unsqueeze", x(2, 3), -1),
    case("unsqueeze", x(2, 3), 1),
    case("squeeze.dim", x(2, 1, 3), 1),
    case("squeeze.dim", x(2, 1, 3), -1),
    case("squeeze.dims", x(2, 1, 3, 1), [-1, 0, 1]),
    case("expand", x(3, 1), [2, -1, 4]),
    case("expand", x(), [2, 3]),
    case("repeat", x(2, 3), [2, 1, 3]),
    case("flip", x(2, 3), [-1, 0]),
    case("flip", x(2, 3), []),
    case("select.int", x(2, 3), 1, -1),
    case("slice.Tensor", x(5, 3), 0, 1, 9223372036854775807, 2),
    case("slice.Tensor", x(5, 3), -1, -2, -1),
    case("slice.Tensor", x(5, 3), 0, 4, 2),
    case("slice.Tensor", x(5, 3)),
    case("cat", [x(2, 3), x(1, 3)]),
    case("cat", [x(2, 3), x(2, 1), np.zeros(0)], -1),
    case("cat", [x(2, 3), whole(3, 2, 2)], 1),
    case("split_with_sizes", x(5, 3), [2, 0, 3]),
    case("split_with_sizes", x(3, 5), [1, 4], -1),
    case("diagonal", x(3, 4)),
    case("diagonal", x(2, 3, 4), -1, 2, 1),
    case("unfold", x(2, 7), 1, 3, 2),
    *each("alias clone lift_fresh_copy detach", x(3)),
    case("getitem", [x(2), x(3)], 1),
    case("sym_size.int", x(2, 3), -1),
    case("sym_numel", x(2, 3)),
]

INDEXING = [
    case("index.Tensor", x(4, 3), [whole(4, 2, 2)]),
    case("index.Tensor", x(4, 3), [None, np.array([-1, 0, 0])]),
    case("index.Tensor", x(4, 3, 2), [whole(4, 2), None, whole(2, 2)]),
    case("index.Tensor", x(4, 3, 2), [None, whole(3, 2, 1), whole(2, 3)]),
    case("index_select", x(4, 3), 1, np.array([2, 0, 2])),
    case("gather", x(4, 3), 1, whole(3, 2, 5)),
    case("gather", x(4, 3), 0, whole(4, 5, 2)),
    case("embedding", x(5, 3), np.array([[1, 0], [1, 4]]), 1),
    case("embedding", x(5, 3), np.array([4, 4, 0])),
    *[
        case("_embedding_bag", x(5, 3), *bags, False, mode, False, None, last, padding)
        for bags, mode, last, padding in (
            ((np.array([4, 1, 1, 0]), np.array([0, 3, 3])), 0, False, -1),
            ((np.array([4, 1, 1, 0]), np.array([0, 2, 4])), 1, True, 1),
            ((np.array([4, 1, 3, 0]), np.array([0, 3, 3])), 2, False, -1),
        )
    ],
    case("_embedding_bag", x(5, 3), np.array([4, 1]), np.array([0]), False, 0, False, x(2)),
    case("_embedding_bag_forward_only", x(5, 3), np.array([4, 1]), np.array([0]), constant=(0,)),
    case("select_scatter", x(4, 3), x(4), 1, -1),
    case("slice_scatter", x(4, 3), x(2, 3), 0, 1, 9223372036854775807, 2),
    case("slice_scatter", x(4, 3), x(4, 1), -1, -1),
    case("diagonal_scatter", x(3, 4), x(3)),
    case("diagonal_scatter", x(2, 3, 4), x(2, 3), -1, 2, 1),
    case("searchsorted.Tensor", np.sort(x(2, 4)), x(2, 3)),
    case("searchsorted.Tensor", at(0, 1, 1, 2), at(1, 0.5, 2), right=True),
    case("bucketize.Tensor", TIES, at(0, 1, 2)),
    case("bucketize.Tensor", TIES, at(0, 1, 2), out_int32=True, right=True),
    case("repeat_interleave.Tensor", np.array([1, 0, 2]), output_size=3),
]

SCATTERS = [
    case("index_put", x(4, 3), [np.array([1, 1, 0])], x(3), True),
    case("index_put", x(4, 3), [np.array([2, 0])], x(2, 3)),
    case("index_put", x(4, 3), [None, np.array([2, 0])], np.float64(1)),
    case("index_put", x(4, 3), [np.array([2, 0]), np.array([1, 1])], x(2), True),
    case("index_put", x(2, 3), [MASK], np.float64(0.5)),
    case("index_put", x(2, 3), [MASK], x(4)),
    case("index_put", x(2, 3), [MASK], x(4), True),
    case("index_put", x(2, 3), [MASK[:, 1]], x(1, 3)),
    case("put", x(2, 3), np.array([5, 0]), x(2)),
    case("put", x(2, 3), np.array([[5, 5]]), x(1, 2), True),
    case("index_reduce", x(4, 3), 0, np.array([1, 1, 0]), x(3, 3), "amax"),
    case("index_reduce", x(4, 3), 1, np.array([1, 1]), x(4, 2), "mean", include_self=False),
    case("masked_scatter", x(2, 3), MASK, x(5)),
    case("scatter.src", x(4, 3), 1, np.array([[2, 0], [1, 2]]), x(2, 2)),
    case("scatter.value", x(4, 3), 0, whole(4, 2, 3), 0.5),
    case("scatter.value_reduce", x(4, 3), 0, whole(4, 2, 3), 0.5, reduce="add", constant=(0,)),
    case("scatter.reduce", x(4, 3), 0, whole(4, 2, 3), x(2, 3), reduce="add", constant=(0, 3)),
    case("scatter_add", x(4, 3), 0, whole(2, 3, 3), x(3, 3)),
    *[
        case("scatter_reduce.two", x(4, 3), 0, whole(2, 3, 3), x(3, 3), how, include_self=own)
        for how in ("sum", "mean", "amax", "amin")
        for own in (True, False)
    ],
    case("scatter_reduce.two", at(1, 2, 3), 0, np.array([1, 1, 0]), at(2, 1, 0), "amax"),
]

SAMPLING = [
    case("upsample_nearest2d.vec", x(1, 2, 3, 4), [5, 6], None),
    case("upsample_nearest2d.vec", x(1, 2, 3, 4), None, [2.0, 1.5]),
    case("upsample_bilinear2d.vec", x(1, 2, 3, 4), [5, 7], False, None),
    case("upsample_bilinear2d.vec", x(1, 2, 3, 4), [2, 7], True, None),
    case("upsample_bilinear2d.vec", x(1, 1, 3, 4), None, False, [2.0, 1.7]),
    *[
        case("grid_sampler_2d", x(2, 2, 3, 4), 1.3 * within(2, 3, 2, 2), *options)
        for options in ((0, 0, False), (0, 1, True), (1, 0, True), (1, 1, False))
    ],
    case("grid_sampler_3d", x(1, 2, 3, 4, 2), within(1, 2, 2, 1, 3), 0, 0, False),
]

SOLVING = [
    case("linalg_cholesky_ex", np.eye(3) + 0.1 * np.ones((3, 3))),
    case("linalg_cholesky_ex", np.eye(3) + 0.1 * np.ones((2, 3, 3)), upper=True),
    case("linalg_solve_triangular", x(3, 3) + 3 * np.eye(3), x(3, 2), upper=True),
    case("linalg_solve_triangular", x(3, 3) + 3 * np.eye(3), x(2, 3), upper=False, left=False),
    case("linalg_solve_triangular", x(3, 3), x(3, 2), upper=False, unitriangular=True),
]

DISTANCES = [
    *[case("_cdist_forward", x(3, 4), x(5, 4), p, None) for p in (1, 2, 3, INF)],
    case("_cdist_forward", x(2, 3, 4), x(2, 5, 4), 2, 1, constant=(0, 1)),
    case("_cdist_forward", x(27, 2), x(2, 2), 2, None),
    case("_cdist_forward", np.ones((2, 3)), np.ones((1, 3)), 2, None),
    *[case("_pdist_forward", x(4, 3), p) for p in (1, 2)],
]

CREATION = [
    *[case("full", [2, 3], value) for value in (0.1, 2, True)],
    case("full", [2], 2, dtype="float64"),
    case("full_like", x(2, 3), 2),
    case("full_like", x(2), 2.5, dtype="int64"),
    case("scalar_tensor", 2.5),
    case("scalar_tensor", -INF, dtype="float64"),
    case("arange.start_step", 0, 5),
    case("arange.start_step", 0.5, 2, 0.3),
    case("arange.start_step", 5, 0, -2, dtype="float64"),
    *each("tril_indices triu_indices", 3, 4, 1),
    case("fill.Scalar", x(3), 2),
    case("fill.Tensor", x(3), np.float64(0.5)),
    case("copy", x(2, 3), x(3), constant=(0, 1)),
    case("copy", x(2, 3), whole(3, 3), constant=(0,)),
    case("_to_copy", 3 * x(3), dtype="int64"),
    case("_to_copy", whole(3, 3), dtype="float64"),
    case("_to_copy", x(3), dtype="bool"),
    case("_to_copy", x(3)),
]

SETTLED = [*each("native_dropout", x(3), 0.5, False)]

CASES = (
    *ARITHMETIC,
    *ELEMENTARY,
    *COMPARISON,
    *ACTIVATIONS,
    *REDUCTIONS,
    *EXTREMES,
    *CUMULATIVE,
    *LINEAR,
    *_convolutions(),
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
