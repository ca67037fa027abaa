import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch

from compare import UsageError
from compare.implementations.user.returned import read_returned
from jaxmlp import Layer

N = 4
PARAMS = (Layer(np.zeros((2, 3)), np.zeros(3)), Layer(np.zeros((3, 1)), np.zeros(1)))
RNG = np.random.default_rng(0)
W1, B1, W2, B2 = (RNG.random((N, *leaf.shape)) for layer in PARAMS for leaf in layer)


def read(returned, *, layout="in_out", n=None):
    return read_returned(returned, PARAMS, layout=layout, n=n, where="mine")


def one(convert):
    """The first sample, every array converted."""
    return [(convert(W1[0]), convert(B1[0])), (convert(W2[0]), convert(B2[0]))]


# name -> (what makes an array, the dtype of its arithmetic)
KINDS = {
    "float64": (np.asarray, "float64"),
    "float32": (np.float32, "float32"),
    "float16": (np.float16, "float16"),
    "bfloat16": (lambda a: a.astype(ml_dtypes.bfloat16), "bfloat16"),
    "float32_in_float64": (lambda a: a.astype(np.float32).astype(np.float64), "float32"),
    "big_endian": (lambda a: a.astype(">f8"), "float64"),
    "lists": (np.ndarray.tolist, "float64"),
    "torch": (torch.tensor, "float64"),
    "torch_bfloat16": (lambda a: torch.tensor(a).bfloat16(), "bfloat16"),
    "torch_float16": (lambda a: torch.tensor(a).half(), "float16"),
    "torch_parameter": (lambda a: torch.nn.Parameter(torch.tensor(a)), "float64"),
    "jax": (lambda a: jnp.array(a, jnp.float32), "float32"),
    "jax_bfloat16": (lambda a: jnp.array(a, jnp.bfloat16), "bfloat16"),
    "columns": (lambda a: a[..., None], "float64"),
    "rows": (lambda a: a[None], "float64"),
    "fortran": (np.asfortranarray, "float64"),
    "transposed_view": (lambda a: np.ascontiguousarray(a.T).T, "float64"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_of_any_kind(kind):
    convert, dtype = KINDS[kind]
    grads = read(one(convert))
    for found, original in zip(grads, one(np.asarray), strict=True):
        for leaf, expected in zip(found, original, strict=True):
            assert leaf.dtype.name == dtype
            assert leaf.dtype.isnative
            np.testing.assert_array_equal(leaf, expected.astype(leaf.dtype))


@pytest.mark.parametrize(
    ("dtypes", "judged"),
    [
        (("float64", "float32", "float64", "float64"), "float32"),
        (("float32", "float32", "float16", "float32"), "float16"),
        (("float64", "bfloat16", "float16", "float32"), "bfloat16"),
    ],
)
def test_the_coarsest_dtype_counts(dtypes, judged):
    def as_dtype(array, name):
        return array.astype(ml_dtypes.bfloat16 if name == "bfloat16" else name)

    w1, b1, w2, b2 = map(as_dtype, (W1[0], B1[0], W2[0], B2[0]), dtypes)
    assert {leaf.dtype.name for layer in read([(w1, b1), (w2, b2)]) for leaf in layer} == {judged}


def test_one_number_that_float32_lacks_makes_it_float64():
    rounded = one(lambda a: a.astype(np.float32).astype(np.float64))
    rounded[1][1][0] = 0.1
    assert read(rounded)[0].w.dtype == np.float64


def test_infinities_and_nan_are_float32_numbers():
    assert read(one(lambda a: np.full_like(a, np.inf)))[0].w.dtype == np.float32
    assert read(one(lambda a: np.full_like(a, np.nan)))[0].w.dtype == np.float32


def test_what_is_returned_is_copied():
    mine = one(np.array)
    tensors = one(torch.tensor)
    read_mine, read_tensors = read(mine), read(tensors)
    for arrays in (*mine, *tensors):
        for array in arrays:
            array[:] = 7
    for found in (read_mine, read_tensors):
        np.testing.assert_array_equal(found[0].w, W1[0])
        np.testing.assert_array_equal(found[1].b, B2[0])


def test_layout_out_in():
    grads = read([(W1[0].T, B1[0]), (W2[0].T, B2[0])], layout="out_in")
    np.testing.assert_array_equal(grads[0].w, W1[0])
    many = [(W1.swapaxes(1, 2), B1), (W2.swapaxes(1, 2), B2)]
    np.testing.assert_array_equal(read(many, layout="out_in", n=N)[0].w, W1)


@pytest.mark.parametrize("pairs", [list, tuple])
def test_many_samples(pairs):
    grads = read(pairs([(W1, B1), (W2[:, :, 0], B2[:, 0])]), n=N)
    for leaf, expected in zip([*grads[0], *grads[1]], (W1, B1, W2, B2), strict=True):
        np.testing.assert_array_equal(leaf, expected)


def test_one_sample_needs_no_leading_axis():
    grads = read(one(np.asarray), n=1)
    assert grads[0].w.shape == (1, 2, 3)
    assert grads[1].b.shape == (1, 1)


async def asynchronous():
    return one(np.asarray)


PAIR = (W2[0], B2[0])
MEAN = [(W1.mean(0), B1.mean(0)), (W2.mean(0), B2.mean(0))]
PAIRS = r"mine: expected a list of 2 pairs \(dw, db\), of w1 \[2, 3\] and w2 \[3, 1\], got "
NUMBERS = "mine: dw1: expected numbers in one of bfloat16, float16, float32, float64, got "
NAMED = {"dw1": W1[0], "db1": B1[0], "dw2": W2[0], "db2": B2[0]}
ITSELF = {"dw1": W1}
ITSELF["self"] = ITSELF
# name -> (what was returned, how many samples, the sentence)
BAD = {
    "none": (None, None, PAIRS + r"None; is a return missing\?"),
    "dict": (
        {"loss": 0.5, "h": W1},
        None,
        PAIRS + r"dict; with loss \[\], .* called dW1 ",
    ),
    "a_flat_list_with_a_sum": (
        [W1[0], B1[0].sum(), W2[0], B2[0]],
        None,
        r"got 4 items; db1 has shape \[\] where \[3\] is expected$",
    ),
    "all_dw_and_all_db_transposed": (
        [W1[0].T, W2[0], B1[0], B1[0]],
        None,
        r"got 4 items; dw1 has shape \[3, 2\] where \[2, 3\] is expected and db2 has shape \[3\] "
        r"where \[1\] is expected$",
    ),
    "sums_by_name": (
        NAMED | {"db1": 0.5, "db2": np.float32(1)},
        None,
        r"db1: expected shape \[3\], got \[\]: a single number, .* np.sum\(delta, axis=0\)",
    ),
    "half_a_dict": ({"dw1": W1[0], "dw2": W2[0]}, None, "every bias, got w1, w2 alone$"),
    "one_layer": ({"dw1": W1[0], "db1": B1[0]}, None, "mine: expected 2 layers, found 1$"),
    "no_bias": (
        {"dw1": W1[0], "db1": B1[0], "dw2": W2[0]},
        None,
        "the gradient of a bias in layer 2, as in",
    ),
    "named_twice": ({"dw1": W1[0], "grad_w1": W1[0]}, None, "two of its .* the gradient of w1$"),
    "named_none": (NAMED | {"dw1": None}, None, "mine: w1: .* got None; torch leaves .grad None"),
    "named_text": (
        NAMED | {"dw1": "mine"},
        None,
        "a weight for every layer, a .* found b1",
    ),
    "named_transposed": (NAMED | {"dw1": W1[0].T}, None, r"got \[3, 2\]; transpose it$"),
    "itself": (ITSELF, None, PAIRS + "dict$"),
    "string": ("ab", None, PAIRS + "str"),
    "array": (W1, None, PAIRS + "ndarray$"),
    "generator": ((pair for pair in [PAIR, PAIR]), None, PAIRS + "generator, .* a yield$"),
    "coroutine": (asynchronous(), None, PAIRS + "coroutine, .*; make it a plain one$"),
    "loss": (np.float32(0.5), None, PAIRS + "one number; if it is the loss, return its gradient$"),
    "loss_of_torch": (torch.tensor(0.5), None, PAIRS + "one number"),
    "function": (read, None, PAIRS + r"function; is a call of it missing\?$"),
    "zip": (zip(W1, B1, strict=True), None, PAIRS + "zip$"),
    "too_few": ([PAIR], None, PAIRS + "1 item$"),
    "no_pair": ([PAIR, W1], None, PAIRS + "ndarray for layer 2"),
    "triple": ([PAIR, (*PAIR, 1)], None, PAIRS + "3 items for layer 2"),
    "integers": ([(np.ones((2, 3), int), B1[0]), PAIR], None, NUMBERS + "ndarray of int64"),
    "bools": ([(W1[0] > 0, B1[0]), PAIR], None, NUMBERS + "ndarray of bool"),
    "complex": ([(W1[0] + 0j, B1[0]), PAIR], None, NUMBERS + "ndarray of complex128"),
    "object": ([(W1[0].astype(object), B1[0]), PAIR], None, NUMBERS + "ndarray of object"),
    "nothing": ([(None, B1[0]), PAIR], None, "mine: dw1: .* of numbers: got None; torch leaves"),
    "text": ([("w", B1[0]), PAIR], None, "mine: dw1: .* of numbers: got 'w';"),
    "torch_integers": ([(torch.ones(2, 3).int(), B1[0]), PAIR], None, NUMBERS + "Tensor of int32"),
    "ragged": ([([[1.0], [1.0, 2.0]], B1[0]), PAIR], None, "mine: dw1: .* of numbers: setting an"),
    "masked": ([(np.ma.masked_less(W1[0], 1), B1[0]), PAIR], None, "dw1: .*: got masked entries"),
    "sparse": ([(torch.ones(2, 3).to_sparse(), B1[0]), PAIR], None, "dw1: .* of numbers: can't"),
    "meta": ([(torch.ones(2, 3, device="meta"), B1[0]), PAIR], None, "dw1: .* of numbers: "),
    "shape": ([(W1[0][:1], B1[0]), PAIR], None, r"dw1: expected shape \[2, 3\], got \[1, 3\]$"),
    "bias": ([(W1[0], B1[0][:2]), PAIR], None, r"db1: expected shape \[3\], got \[2\]$"),
    "transposed": ([(W1[0].T, B1[0]), PAIR], None, r"got \[3, 2\]; transpose it$"),
    "many_transposed": ([(W1.swapaxes(1, 2), B1), (W2, B2)], N, r"\[4, 3, 2\]; transpose it"),
    "mean": (MEAN, N, r"\[4, 2, 3\], got \[2, 3\], which is one gradient .*torch.func.vmap"),
    "other_n": ([(W1[:3], B1[:3]), (W2, B2)], N, r"expected shape \[4, 2, 3\], got \[3, 2, 3\]"),
}


@pytest.mark.parametrize("case", BAD)
def test_anything_else_is_one_sentence(case):
    returned, n, words = BAD[case]
    with pytest.raises(UsageError, match=words) as caught:
        read(returned, n=n)
    assert "\n" not in str(caught.value)


FLAT = [W1[0], B1[0], W2[0], B2[0]]
# the gradients of one sample -> how they become a list of pairs
OTHERWISE = {
    "last_first": (one(np.asarray)[::-1], r"g for what came, g\[::-1\]"),
    "bias_first": ([(b, w) for w, b in one(np.asarray)], r"\[\(dw, db\) for db, dw in g\]"),
    "zip": (zip(FLAT[::2], FLAT[1::2], strict=True), "got zip; a list of it"),
    "generator": ((pair for pair in one(torch.tensor)), "a yield; a list of it"),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_another_arrangement_is_named(case):
    returned, words = OTHERWISE[case]
    with pytest.raises(UsageError, match=f"^mine: .*{words} has the expected shapes$"):
        read(returned)


def test_a_flat_list_of_another_number_of_samples_is_none():
    with pytest.raises(UsageError, match=r"got 4 items$"):
        read([W1, B1, W2, B2], n=N + 1)


def test_two_arrangements_that_fit_are_not_chosen_from():
    """Of 2-3-1 with columns, db1 and dw2 have one shape: are weights first, or pairs?"""
    columns = [W1[0], B1[0][:, None], W2[0], B2[0][:, None]]
    with pytest.raises(UsageError, match=r"mine: expected a list of 2 pairs .* got 4 items"):
        read(columns)


def test_an_axis_of_one_takes_nothing_for_something_else():
    """Of 1-1-1 all arrays are one number."""
    params = (Layer(np.zeros((1, 1)), np.zeros(1)),) * 2
    pair = (np.ones((1, 1)), np.zeros(1))
    options = {"layout": "in_out", "n": None, "where": "mine"}
    read_returned([pair, pair], params, **options)
    read_returned([(pair[0][0], pair[1])] * 2, params, **options)  # [1] for both
    with pytest.raises(UsageError, match=r"got these but for axes of 1; .* dw in g"):
        read_returned([pair[::-1], pair[::-1]], params, **options)


@pytest.mark.parametrize("names", [("upper", "lower"), ("Dense_0", "Dense_1")])
def test_names_that_leave_the_order_open(names):
    params = (Layer(np.zeros((3, 3)), np.zeros(3)),) * 2
    grads = {name: {"kernel": np.ones((3, 3)), "bias": np.ones(3)} for name in names}
    options = {"layout": "in_out", "n": None, "where": "mine"}
    words = f"mine: the layers {', '.join(names)} may stand in more than one order; expected"
    with pytest.raises(UsageError, match=words):
        read_returned(grads, params, **options)


@pytest.mark.parametrize("n", [None, N])
def test_one_vector_is_to_be_cut(n):
    vector = np.concatenate([leaf[: n or 1].ravel() for leaf in (W1, B1, W2, B2)])
    with pytest.raises(UsageError, match="got ndarray; it has as many entries as all parameters"):
        read(vector, n=n)


@pytest.mark.parametrize(
    "method", ["__len__", "__getitem__", "__iter__", "__getattr__", "__array__"]
)
def test_what_raises_is_told_or_passed_on(method):
    """An object's own error takes the place of no other sentence than what came."""

    def raises(self, *_, **__):
        raise KeyError("mine")

    own = type("Own", (), {method: raises})()
    with pytest.raises(UsageError, match=r"^mine: dw1: expected an array of numbers"):
        read([(own, B1[0]), PAIR])
    with pytest.raises(UsageError, match=f"{PAIRS}Own$"):
        read(own)
