"""Calls of operations that move entries, and make them."""

import numpy as np

from tests.aten.calls import INF, MASK, TIES, at, case, each, whole, within, x

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
    case("scatter.value", x(4, 3), 0, np.array([[2, 0, 1], [3, 1, 0]]), 0.5),
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
