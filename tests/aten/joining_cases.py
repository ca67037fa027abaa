"""Calls of operations that join entries."""

import numpy as np

from tests.aten.calls import INF, MASK, NAN, TIES, above, at, case, each, whole, x

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
    *each("std.correction std_mean.correction", x(3, 4), [1], correction=0),
    *each("std.correction", np.ones((3, 4)), [1], keepdim=True),
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
    *each("median", x(3, 4)),
    *each("median", TIES),
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


def convolutions():
    plain = ([1], [0], [1], False, [0], 1)
    yield case("convolution", x(2, 3, 8), x(4, 3, 3), x(4), *plain)
    yield case("convolution", x(1, 2, 4, 4, 4), x(2, 2, 2, 2, 2), None, *plain)
    options = [2, 1], [1, 2], [1, 2]
    yield case("convolution", x(2, 4, 6, 7), x(6, 2, 3, 2), x(6), *options, False, [0, 0], 2)
    yield case("convolution", x(2, 4, 4, 5), x(4, 3, 3, 2), x(6), *options, True, [1, 0], 2)
    yield case("convolution", x(2, 3, 5), x(3, 2, 4), None, [3], [1], [1], True, [2], 1)
    yield case("convolution", x(2, 3, 5), x(3, 1, 2), None, [1], [0], [1], False, [0], 3)
    yield case("conv_tbc", x(5, 2, 3), x(2, 3, 4), x(4), 1)


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
