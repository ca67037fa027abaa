"""Correct gradients as people compute them: none is called wrong, and what is peculiar is said."""

import itertools

import numpy as np
import pytest

from compare import compare_gradients
from jaxmlp import Batch, Layer
from jaxmlp.mlp import init_params

F32 = np.float32


def problem(sizes=(3, 6, 5, 2), *, samples=6, seed=0, scale=1.0, bias=1.0):
    params = init_params(np.random.default_rng(seed), sizes)
    params = tuple(Layer(F32(scale) * w, F32(bias) * b) for w, b in params)
    rng = np.random.default_rng(seed + 1)
    x, y = (rng.normal(size=(samples, n)).astype(F32) for n in (sizes[0], sizes[-1]))
    return params, Batch(x, y)


def judge(mine, *, activation="tanh", **options):
    params, batch = problem(**options)
    return compare_gradients(
        params,
        *batch,
        activation=activation,
        implementations=("numpy_manual",),
        candidates={"mine": mine},
    )


def backprop(phi, slope, *, dot=np.matmul, twice=2):
    """A backprop of any depth, with its own activation and products."""

    def mine(params, x, y):
        hs, zs = [x], []
        for i, (w, b) in enumerate(params):
            zs.append(dot(hs[-1], w) + b)
            hs.append(phi(zs[-1]) if i + 1 < len(params) else zs[-1])
        delta, grads = twice * (hs[-1] - y), []
        for i in range(len(params) - 1, -1, -1):
            grads.append((np.outer(hs[i], delta), delta))
            if i:
                delta = dot(params[i][0], delta) * slope(zs[i - 1], hs[i])
        return grads[::-1]

    return mine


def by_sums(a, b):
    """A product of vector and matrix, or matrix and vector, collected in float64."""
    rows, cols = (a[:, None] * b, 0) if a.ndim == 1 else (a * b, 1)
    total = np.zeros(rows.shape[1 - cols])
    for row in np.moveaxis(rows, cols, 0):
        total += row
    return total


TANH_SLOPE = lambda z, h: 1 - h * h  # noqa: E731
PARTLY_FLOAT64 = {
    "sums in np.zeros": backprop(np.tanh, TANH_SLOPE, dot=by_sums),
    "a float64 factor of the loss": backprop(np.tanh, TANH_SLOPE, twice=np.float64(2)),
    "tanh of a longer z": backprop(lambda z: np.tanh(z * np.float64(1)), TANH_SLOPE),
}


@pytest.mark.parametrize("kind", PARTLY_FLOAT64)
def test_float32_programs_in_which_a_float64_number_enters_agree(kind):
    report = judge(PARTLY_FLOAT64[kind])
    assert report.verdict == "agree", report.reason
    assert "mine has float64 arrays with the precision of float32" in report.reason


def test_pure_float64_arithmetic_is_told_by_nothing():
    """Weights of float32, and everything else in float64."""
    wide = backprop(np.tanh, TANH_SLOPE)
    report = judge(lambda params, x, y: wide([(w.astype(float), b) for w, b in params], x * 1.0, y))
    assert report.verdict == "agree", report.reason


@pytest.mark.parametrize("kind", PARTLY_FLOAT64)
def test_a_mistake_in_such_a_program_is_found(kind):
    right = PARTLY_FLOAT64[kind]

    def wrong(params, x, y):
        (dw1, db1), *rest = right(params, x, y)
        return [(-dw1, -db1), *rest]

    report = judge(wrong)
    assert report.verdict == "disagree"
    assert "delta1 of mine is the negative of what the chain rule gives" in report.reason


def exp_tanh(z):
    return (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)


TEXTBOOK = {
    "tanh": backprop(exp_tanh, TANH_SLOPE),
    "sigmoid": backprop(lambda z: (np.tanh(z / 2) + 1) / 2, lambda z, h: h - h * h),
    "softplus": backprop(lambda z: np.log(np.exp(z) + 1), lambda z, h: np.exp(z) / (np.exp(z) + 1)),
    "silu": backprop(
        lambda z: z * ((1 + np.tanh(z / 2)) / 2),
        lambda z, h: (s := (1 + np.tanh(z / 2)) / 2) + h * (1 - s),
    ),
}


@pytest.mark.parametrize("activation", TEXTBOOK)
def test_textbook_formulas_that_lose_digits_agree_and_are_told(activation):
    # large weights saturate, and small ones leave a tanh near 0
    scale = {"tanh": 0.01, "softplus": 7}.get(activation, 12)
    options = {"scale": scale, "sizes": (4, 12, 12, 1)}
    report = judge(TEXTBOOK[activation], activation=activation, **options)
    assert report.verdict == "agree", report.reason
    assert f"mine computes {activation} by a formula that loses digits" in report.reason


@pytest.mark.usefixtures("unexplained")
def test_the_float32_constant_of_a_hard_sigmoid_in_torch_agrees_and_is_told():
    def slope(z, h):
        return np.where(abs(z) < 3, np.float64(F32(1) / F32(6)), 0)

    mine = backprop(lambda z: np.clip(z + 3, 0, 6) / 6, slope)
    far = backprop(lambda z: np.clip(z + 3, 0, 6) / 6, lambda z, h: slope(z, h) * (1 + 1e-7))
    params, batch = problem()
    wide = [tuple(leaf.astype(np.float64) for leaf in layer) for layer in params]
    options = {"activation": "hard_sigmoid", "implementations": ["numpy_manual"]}
    arrays = [leaf.astype(np.float64) for leaf in batch]
    report = compare_gradients(wide, *arrays, candidates={"mine": mine}, **options)
    assert report.verdict == "agree", report.reason
    assert "mine computes hard_sigmoid by a formula that loses digits" in report.reason
    wrong = compare_gradients(wide, *arrays, candidates={"mine": far}, **options)
    assert wrong.verdict == "disagree"


def stable_sigmoid(z):
    return np.exp(-np.logaddexp(F32(0), -z))


MIXED = {  # slopes that lose digits, and not those of the value
    "sigmoid": backprop(stable_sigmoid, lambda z, h: (1 - np.tanh(z / 2) ** 2) / 4),
    "softplus": backprop(lambda z: z + np.log1p(np.exp(-z)), lambda z, h: (1 + np.tanh(z / 2)) / 2),
    "silu": backprop(
        lambda z: z * stable_sigmoid(z),
        lambda z, h: (s := (1 + np.tanh(z / 2)) / 2) * (1 + z * (1 - s)),
    ),
}


@pytest.mark.parametrize("activation", MIXED)
@pytest.mark.parametrize("scale", [7, 12])
def test_slopes_by_another_formula_than_values_agree(activation, scale):
    report = judge(MIXED[activation], activation=activation, scale=scale, sizes=(4, 12, 12, 1))
    assert report.verdict == "agree", report.reason
    assert f"mine computes {activation} by a formula that loses digits" in report.reason


SQUARES = {  # where exp(-z) is 1e20 or more, its square overflows
    "sigmoid": backprop(
        lambda z: 1 / (1 + np.exp(-z)), lambda z, h: np.exp(-z) / (1 + np.exp(-z)) ** 2
    ),
    "silu": backprop(
        lambda z: z / (1 + np.exp(-z)),
        lambda z, h: (1 + np.exp(-z) + z * np.exp(-z)) / (1 + np.exp(-z)) ** 2,
    ),
}


def with_units_at(*z):
    """Weights 2-3-1 with these inputs of the hidden layer."""
    _, top = problem((2, 3, 1))[0]
    return (Layer(np.zeros((2, 3), F32), np.array(z, F32)), top)


@pytest.mark.parametrize("activation", SQUARES)
@pytest.mark.parametrize("z", [-43, -45, -60, -80])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_slope_of_1e_20_that_overflows_on_its_way_is_not_accused(activation, z):
    _, batch = problem((2, 3, 1))
    options = {"activation": activation, "implementations": ("numpy_manual",)}
    mine = {"mine": SQUARES[activation]}
    report = compare_gradients(with_units_at(-12, z, -13), *batch, candidates=mine, **options)
    assert report.verdict == "agree", report.reason


@pytest.mark.usefixtures("unexplained")
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_layer_whose_slopes_overflow_is_no_excuse():
    _, batch = problem((2, 3, 1))

    def wrong(params, x, y):
        (dw1, db1), *rest = backprop(stable_sigmoid, lambda z, h: h * (1 - h))(params, x, y)
        return [(-dw1, -db1), *rest]

    options = {"activation": "sigmoid", "implementations": ("numpy_manual",)}
    layers = with_units_at(-46, -50, -47)
    report = compare_gradients(layers, *batch, candidates={"mine": wrong}, **options)
    assert report.verdict == "disagree", report.reason


@pytest.mark.usefixtures("unexplained")
def test_a_layer_whose_slopes_would_all_be_lost_is_no_excuse():
    """No slope that is computed so tells one saturated unit from another."""

    def wrong(params, x, y):
        (dw1, db1), *rest = MIXED["sigmoid"](params, x, y)
        return [(0 * dw1, 0 * db1), *rest]

    report = judge(wrong, activation="sigmoid", scale=60, sizes=(4, 3, 12, 1))
    assert report.verdict == "disagree", report.reason


@pytest.mark.usefixtures("unexplained")
def test_such_a_slope_hides_no_part_in_500():
    wrong = backprop(stable_sigmoid, lambda z, h: F32(1.002) * h * (1 - h))
    layers = [(np.full((1, 1), w, F32), np.zeros(1, F32)) for w in (-12, 1)]
    one = np.ones((1, 1), F32)
    options = {"activation": "sigmoid", "implementations": ("numpy_manual",)}
    report = compare_gradients(layers, one, one, candidates={"mine": wrong}, **options)
    assert report.verdict != "agree", report.reason


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("activation", MIXED)
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_wrong_sign_beside_another_formula_is_found(activation, layer):
    right = MIXED[activation]

    def wrong(params, x, y):
        grads = right(params, x, y)
        dw, db = grads[layer]
        return [*grads[:layer], (-dw, -db), *grads[layer + 1 :]]

    report = judge(wrong, activation=activation, sizes=(4, 12, 12, 1), samples=3)
    assert report.verdict == "disagree", report.reason


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("activation", TEXTBOOK)
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_wrong_sign_beside_such_a_formula_is_found(activation, layer):
    right = TEXTBOOK[activation]

    def wrong(params, x, y):
        grads = right(params, x, y)
        dw, db = grads[layer]
        return [*grads[:layer], (-dw, -db), *grads[layer + 1 :]]

    report = judge(wrong, activation=activation, sizes=(4, 12, 12, 1), samples=3)
    assert report.verdict == "disagree", report.reason


def forward_mode(phi, slope):
    """Every entry by a pass of its own, so that the gradient is of rank one only roughly."""

    def one(layers, x, y, tangents):
        h, dh = x, np.zeros_like(x)
        for i, ((w, b), (tw, tb)) in enumerate(zip(layers, tangents, strict=True)):
            z, dh = h @ w + b, dh @ w + h @ tw + tb
            h = phi(z) if i + 1 < len(layers) else z
            dh = dh * slope(z, h) if i + 1 < len(layers) else dh
        return F32(2) * ((h - y) @ dh)

    def mine(params, x, y):
        grads = []
        for i, pair in enumerate(params):
            found = []
            for kind, leaf in enumerate(pair):
                flat = np.empty(leaf.shape, F32)
                for index in np.ndindex(leaf.shape):
                    tangents = [[np.zeros_like(a) for a in both] for both in params]
                    tangents[i][kind][index] = 1
                    flat[index] = one(params, x, y, tangents)
                found.append(flat)
            grads.append(tuple(found))
        return grads

    return mine


def test_forward_mode_is_not_accused_but_a_warning():
    report = judge(forward_mode(np.tanh, TANH_SLOPE), samples=2, sizes=(3, 9, 9, 2))
    assert report.verdict == "agree", report.reason
    assert "break a rule of backpropagation" in report.warnings[0]
    assert "in forward mode for instance" in report.warnings[0]


RELU = (lambda z: np.maximum(z, 0), lambda z, h: (z > 0).astype(F32))


@pytest.mark.parametrize("sizes", [(2, 2, 1), (2, 2, 2, 2), (2, 3, 3, 1), (2, 5, 1)])
@pytest.mark.parametrize("phi", [(np.tanh, TANH_SLOPE), RELU])
def test_forward_mode_is_not_accused_where_few_units_tell_it(sizes, phi):
    """In a layer of two units dL/dw is of rank one however one of them is rounded."""
    activation = "relu" if phi is RELU else "tanh"
    report = judge(forward_mode(*phi), sizes=sizes, samples=25, activation=activation)
    assert report.verdict == "agree", report.reason
    if sizes == (2, 2, 2, 2):
        assert "of 25 samples of mine" in report.reason
        assert report.implementations[-1].detectable_ulp is None  # nothing is sure to be seen


def test_no_change_is_sure_to_be_seen_where_rules_are_broken_anyway():
    mine = judge(forward_mode(np.tanh, TANH_SLOPE), sizes=(2, 10, 10, 1)).implementations[-1]
    assert mine.certificate.near > 0
    assert mine.detectable_ulp is None


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("sizes", [(2, 2, 1), (2, 2, 2, 2)])
@pytest.mark.parametrize("factor", [-1, 1.0001])
def test_a_mistake_in_a_layer_of_few_units_is_found(sizes, factor):
    right = backprop(np.tanh, TANH_SLOPE)

    def wrong(params, x, y):
        (dw1, db1), *rest = right(params, x, y)
        return [(F32(factor) * dw1, F32(factor) * db1), *rest]

    assert judge(wrong, sizes=sizes).verdict == "disagree"


def changed(change):
    """A right backprop whose dL/dw2 is changed."""

    def mine(params, x, y):
        grads = backprop(np.tanh, TANH_SLOPE)(params, x, y)
        return [grads[0], (change(grads[1][0].copy()), grads[1][1]), *grads[2:]]

    return mine


def one_entry_off(dw):
    dw[0, 0] = (dw[0, 0].view(np.int32) + 30).view(F32)
    return dw


def all_a_little_off(dw):
    return dw * (1 + 1e-5 * np.sin(np.arange(dw.size))).reshape(dw.shape).astype(F32)


@pytest.mark.parametrize("change", [one_entry_off, all_a_little_off])
def test_a_small_mistake_is_no_forward_mode(change):
    """One that is in a single entry, and one that is larger than rounding usually is."""
    report = judge(changed(change), sizes=(3, 9, 9, 2))
    assert report.verdict == "disagree", report.reason
    assert "dL/dw2 of mine is not h1 times dL/db2" in report.reason


@pytest.mark.usefixtures("unexplained")
def test_one_entry_of_the_largest_delta_is_no_forward_mode():
    """It moves the h that is recovered, so that all other units seem to be off."""

    def wrong(params, x, y):
        (dw1, db1), *rest = backprop(np.tanh, TANH_SLOPE)(params, x, y)
        at = (0, np.abs(db1).argmax())
        dw1[at] = (dw1[at].view(np.int32) + 30).view(F32)
        return [(dw1, db1), *rest]

    report = judge(wrong, sizes=(2, 10, 10, 1), scale=2, seed=3)
    assert report.verdict == "disagree", report.reason


def test_a_mistake_that_a_textbook_formula_could_hide_is_undecided():
    """All of h1 is 1e-7, and so is what tanh by exponentials may lose: -h1 would do as well."""
    report = judge(changed(np.negative), scale=1e-7, bias=0, sizes=(3, 6, 5, 2))
    assert report.verdict == "undecided", report.reason
    assert report.implementations[-1].certificate.silent == 6


def test_a_wrong_sign_under_a_saturated_layer_is_no_loss_of_digits():
    """There is no slope to speak of, and formulas that lose digits would lose all of it."""
    params, batch = problem((3, *(8,) * 12, 1), scale=2)
    params = (params[0]._replace(b=np.full(8, -17, F32)), *params[1:])
    right = backprop(lambda z: 1 / (1 + np.exp(-z)), lambda z, h: h * (1 - h))

    def wrong(params, x, y):
        (dw1, db1), *rest = right(params, x, y)
        return [(-dw1, -db1), *rest]

    options = {"activation": "sigmoid", "implementations": ("numpy_manual",)}
    agree = compare_gradients(params, *batch, candidates={"mine": right}, **options)
    assert agree.verdict == "agree", agree.reason
    report = compare_gradients(params, *batch, candidates={"mine": wrong}, **options)
    assert report.verdict == "disagree", report.reason
    assert "delta1 of mine is the negative" in report.reason


@pytest.mark.usefixtures("unexplained")
def test_rounding_that_may_be_large_hides_no_mistake_of_half_a_percent():
    """Under many saturated layers rounding usually leaves more than that, but has not here."""
    params, batch = problem((3, *(8,) * 12, 1), scale=2)
    params = (params[0]._replace(b=np.full(8, -17, F32)), *params[1:])
    right = backprop(lambda z: 1 / (1 + np.exp(-z)), lambda z, h: h * (1 - h))

    def wrong(params, x, y):
        (dw1, db1), *rest = right(params, x, y)
        off = 0.005 * np.sin(np.arange(dw1.size)).reshape(dw1.shape).astype(F32)
        return [(dw1 * (1 + off), db1), *rest]

    options = {"activation": "sigmoid", "implementations": ("numpy_manual",)}
    report = compare_gradients(params, *batch, candidates={"mine": wrong}, **options)
    assert report.verdict == "disagree", report.reason


LOW = {"bfloat16": "bfloat16 with sums in float32", "float16": "float16 with sums in float32"}


def rounded_to(dtype):
    """A backprop in float32 arrays, rounded wherever a program in mixed precision rounds."""
    import ml_dtypes

    low = np.dtype(getattr(ml_dtypes, dtype, dtype))

    def cast(a):
        return np.asarray(a).astype(low).astype(F32)

    rounded = backprop(
        lambda z: cast(np.tanh(z)),
        lambda z, h: cast(1 - h * h),
        dot=lambda a, b: cast(cast(a) @ cast(b)),
    )

    def mine(params, x, y):
        return [(cast(dw), cast(db)) for dw, db in rounded(params, cast(x), cast(y))]

    return mine


@pytest.mark.parametrize("dtype", LOW)
def test_a_coarser_arithmetic_is_named_as_what_it_is(dtype):
    report = judge(rounded_to(dtype), sizes=(3, 6, 2))
    assert report.verdict == "disagree"
    said = f"the gradient of mine is right to within the rounding of {LOW[dtype]}"
    assert f"{said}, and not to within that of float32, as far as " in report.reason


@pytest.mark.usefixtures("unexplained")
def test_a_coarser_arithmetic_is_not_named_where_a_later_sample_is_wrong():
    right, calls = rounded_to("bfloat16"), itertools.count()

    def mine(params, x, y):
        grads = right(params, x, y)
        return [(-dw, db) for dw, db in grads] if next(calls) >= 20 else grads

    report = judge(mine, sizes=(3, 6, 2), samples=24)
    assert report.verdict == "disagree"
    assert "within the rounding of" not in report.reason


@pytest.mark.usefixtures("unexplained")
def test_no_arithmetic_is_named_in_which_anything_would_pass():
    """In bfloat16 alone z2, a sum of 300 terms, may be off by all there is, and so may delta2."""
    import ml_dtypes

    def cast(a):
        return np.asarray(a).astype(ml_dtypes.bfloat16).astype(F32)

    def slope(z, h):
        return cast((1.7 if len(h) == 4 else 1) * (1 - h * h))

    rounded = backprop(lambda z: cast(np.tanh(z)), slope, dot=lambda a, b: cast(a @ b))

    def mine(params, x, y):
        return [(cast(dw), cast(db)) for dw, db in rounded(params, cast(x), cast(y))]

    report = judge(mine, sizes=(3, 300, 4, 1))
    assert report.verdict == "disagree"
    assert "right to within" not in report.reason


@pytest.mark.usefixtures("unexplained")
def test_no_arithmetic_is_named_where_a_sign_is_wrong_too():
    right = backprop(np.tanh, TANH_SLOPE)

    def mine(params, x, y):
        grads = [
            tuple((leaf * 256).round() / F32(256) for leaf in layer)
            for layer in right(params, x, y)
        ]
        return [grads[0], tuple(-leaf for leaf in grads[1]), grads[2]]

    report = judge(mine)
    assert report.verdict == "disagree"
    assert "right to within" not in report.reason
