"""Gradients read from print: what is right passes, and what print cannot hide is found."""

from pathlib import Path

import numpy as np
import pytest

from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.checks import check_gradients
from compare.evidence.certificate.detectable import detectable_ulp
from compare.evidence.certificate.printed_numbers import PrintedNumbers
from compare.evidence.differences.bounds import Allowance, with_printed
from compare.evidence.rounding.print_rounding import hidden_in, is_known
from compare.problem.labels import default_labels
from compare.selftest.backward import backward, forward
from jaxmlp import Batch, Layer, init_params
from tests.support.cases import case_of
from tests.support.explanations import said_of
from tests.support.gradient_files import read
from tests.support.low_precision import random_network

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
PUBLISHED = Path("cases/published")


def to_decimals(values, k):
    text = [f"{value:.{k}f}" for value in values.astype(np.float64).ravel()]
    return np.array(text, np.float64), np.full(values.size, 0.5 * 10.0**-k)


def to_digits(values, k):
    text = [f"{value:.{k - 1}e}" for value in values.astype(np.float64).ravel()]
    half = [0.5 * 10.0 ** (int(t.split("e")[1]) - k + 1) if float(t) else 0.0 for t in text]
    return np.array(text, np.float64), np.array(half)


PRINTS = {"decimals": to_decimals, "digits": to_digits}


def through_print(grads, how, k):
    """Returns what is read again, in the dtype of the arithmetic, and half the last digits."""

    def both(leaf):
        read, half = PRINTS[how](leaf, k)
        return read.reshape(leaf.shape).astype(leaf.dtype), half.reshape(leaf.shape)

    read = [[both(leaf) for leaf in layer] for layer in grads]
    return tuple(tuple(Layer(*(leaf[i] for leaf in layer)) for layer in read) for i in (0, 1))


def prove(params, batch, activation, grads, printed=None, **options):
    case = case_of(params, batch, grads, activation, printed=printed)
    return certify("mine", case, **options)


def usual(sizes=(2, 10, 10, 1), activation="sigmoid", samples=6, seed=0):
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes, dtype=F32)
    x = rng.random((samples, sizes[0])).astype(F32)
    return params, Batch(x, rng.random((samples, sizes[-1])).astype(F32)), activation


@pytest.mark.parametrize("who", ["torch", "hand"])
def test_published_tables_are_certified_as_prints_only(who):
    stored = np.load(PUBLISHED / "params_f32.npz")
    params = tuple(Layer(stored[f"w{i}"].T, stored[f"b{i}"]) for i in (1, 2, 3))
    x = np.load(PUBLISHED / "data.npz")["x"].astype(F32)
    problem = params, Batch(x, default_labels(x, 1)), "sigmoid"
    table = str(PUBLISHED / f"printed_by_{who}.txt")
    grads, half = read(table, params, 1, "out_in")
    assert {unit for layer in half for leaf in layer for unit in leaf.flat} == {0.5e-7}
    plain, compiled = (prove(*problem, grads, half, compiled=one) for one in (False, True))
    assert plain.certified == compiled.certified == 1
    assert 0.5 < plain.worst_ratio < 0.9
    assert plain.worst_ratio == pytest.approx(compiled.worst_ratio, rel=1e-9)
    without = prove(*problem, grads)
    assert without.failed == 1
    assert without.worst_ratio > 50


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("how", PRINTS)
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_correct_gradients_are_never_refuted(dtype, how, seed):
    rng = np.random.default_rng(seed)
    certified = 0
    for _ in range(12):
        problem = random_network(rng, dtype, largest_scale=10)
        with np.errstate(all="ignore"):
            right = backward(forward(*problem))
        certificate = prove(*problem, *through_print(right, how, int(rng.integers(2, 10))))
        assert certificate.failed == 0, certificate.first_failure
        certified += certificate.certified
    assert certified > 20  # of 36


SLOPE_LEFT_OUT = {"slope": lambda f, i: np.ones_like(f.z[i - 1])}
MISTAKES = {
    "factor 2": ({"output": lambda f: f.residual}, "half"),
    "sign": ({"output": lambda f: -2 * f.residual}, "negative"),
    "phi'": (SLOPE_LEFT_OUT, "without phi'"),
    "transposed": ({"weights": lambda f, i: f.w(i).T if i == 2 else f.w(i)}, "transposed"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize(("how", "k"), [("decimals", 7), ("digits", 6)])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "gelu"])
def test_gross_mistakes_are_found_and_explained(activation, how, k, mistake):
    changes, words = MISTAKES[mistake]
    problem = params, batch, activation = usual(activation=activation)
    grads, half = through_print(backward(forward(*problem), **changes), how, k)
    certificate = prove(*problem, grads, half)
    assert certificate.failed == 6
    assert certificate.worst_ratio > 20
    case = case_of(params, batch, grads, activation, printed=half)
    assert words in said_of(case)
    right, half = through_print(backward(forward(*problem)), how, k)
    case = case_of(params, batch, right, activation, printed=half)
    assert said_of(case) is None


def test_print_that_cannot_tell_two_mistakes_apart_names_none():
    problem = params, batch, activation = usual(samples=1)
    wrong = backward(forward(*problem), **SLOPE_LEFT_OUT)

    def explained(k):
        grads, half = through_print(wrong, "digits", k)
        return said_of(case_of(params, batch, grads, activation, printed=half), n_samples=1)

    assert "without phi'" in explained(6)
    assert not explained(1) or ", or " in explained(1)


def test_what_print_hides_is_not_blamed():
    problem = usual()
    right, half = through_print(backward(forward(*problem)), "decimals", 5)
    near, far = (
        tuple(Layer(w + F32.type(units * 1e-5), b) for w, b in right) for units in (0.001, 30)
    )
    assert prove(*problem, near, half).failed == 0
    assert prove(*problem, far, half).failed == 6
    assert prove(*problem, near).failed == 6


def test_a_dead_relu_layer_is_certified_where_its_zeros_are_printed_in_full():
    params, batch, _ = usual((2, 4, 4, 1), "relu")
    dead = (params[0], Layer(params[1].w, np.full(4, -100, F32)), params[2])
    right = backward(forward(dead, batch, "relu"))
    grads, half = through_print(right, "digits", 7)  # with an exponent, as 0.000000e+00
    assert not grads[0].w.any()
    assert prove(dead, batch, "relu", grads, half).certified == 6
    grads, half = through_print(right, "decimals", 7)
    found = prove(dead, batch, "relu", grads, half)
    assert (found.certified, found.failed, found.silent) == (0, 0, 6)
    assert found.printed.hidden == ("w1", "b1", "w2", "b2", "w3")
    spoilt = (Layer(grads[0].w + F32.type(1e-6), grads[0].b), *grads[1:])
    assert prove(dead, batch, "relu", spoilt, half).failed == 6


def test_zeros_of_print_are_silent_where_the_right_value_is_that_small():
    params, batch, activation = usual((2, *(3,) * 9, 1))
    right = backward(forward(params, batch, activation))
    grads, half = through_print(right, "decimals", 7)
    assert right[0].b.any()
    assert not grads[0].b.any()
    assert prove(params, batch, activation, grads, half).silent == 6
    assert prove(params, batch, activation, grads).failed == 6
    detached = (*(Layer(0 * w, 0 * b) for w, b in grads[:-1]), grads[-1])
    assert prove(params, batch, activation, detached, half).failed == 6


def test_a_zero_that_print_can_neither_prove_nor_refute_is_silent():
    w = np.full((1, 1), 30, F32)
    params = (Layer(w / 30, np.zeros(1, F32)), Layer(w, np.zeros(1, F32)))
    batch = Batch(np.zeros((1, 1), F32), np.zeros((1, 1), F32))  # all of delta is 0
    zero = tuple(Layer(np.zeros((1, 1, 1), F32), np.zeros((1, 1), F32)) for _ in params)

    def unproved(batch, of_first, of_last):
        units = ((np.full((1, 1, 1), e), np.full((1, 1), e)) for e in (of_first, of_last))
        case = case_of(params, batch, zero, "identity", printed=tuple(units))
        return check_gradients(case.wide()).silent.tolist() == [True]

    assert not unproved(batch, 1e-3, 1e-3)
    # the residual is known to 1e-6 here, and that is not below the unit of print
    far = batch._replace(y=np.full((1, 1), 1e2, F32), x=np.full((1, 1), 1e2 / 30, F32))
    assert not unproved(far, 1e-3, 1e-3)
    assert unproved(far, 1e-3, 1e-7)
    assert unproved(far, 1e-7, 1e-3)


def test_a_sample_is_certified_only_if_every_parameter_shows_a_number_of_two_digits():
    problem = usual((2, 1), activation="identity", samples=4)
    grads, half = through_print(backward(forward(*problem)), "decimals", 5)
    shown, hidden = np.full((2, 1), 5e-6), np.full((2, 1), 0.5)  # -0.3 prints as -0
    units = (Layer(np.stack([shown, hidden, shown, hidden]), half[0].b),)
    found = prove(*problem, grads, units)
    assert (found.certified, found.silent, found.failed) == (2, 2, 0)
    assert found.printed == PrintedNumbers(numbers=12, known=8, zeros=0, hidden=(), samples=2)
    wrong = (Layer(grads[0].w, -3 * grads[0].b),)
    assert prove(*problem, wrong, units).failed == 4  # what is known contradicts


def test_a_zero_known_to_two_decimals_refutes_what_is_larger():
    params, batch, activation = usual(samples=3)
    right = backward(forward(params, batch, activation))
    grads, half = through_print(right, "decimals", 2)
    assert prove(params, batch, activation, grads, half).silent == 3
    zeros = tuple(Layer(0 * w, 0 * b) for w, b in grads)
    assert (np.abs(right[-1].b) > 0.01).all()
    assert prove(params, batch, activation, zeros, half).failed == 3


@pytest.mark.parametrize(
    ("text", "unit", "known"),
    [("0.00", 0.01, False), ("0.09", 0.01, False), ("0.10", 0.01, True), ("-0.12", 0.01, True),
     ("1e-05", 1e-5, False), ("1.0e-05", 1e-6, True), ("7", 0, True), ("0.00e+00", 0, True)],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_what_is_known_shows_two_digits(text, unit, known, dtype):
    assert is_known(np.array([text], dtype), np.array([unit / 2])).tolist() == [known]


@pytest.mark.parametrize("compiled", [False, True])
def test_print_of_the_samples_that_are_finite_is_used(compiled):
    problem = usual(samples=4)
    exact = backward(forward(*problem))
    grads, half = through_print(exact, "decimals", 5)
    grads[0].w[1] = np.nan
    certificate = prove(*problem, grads, half, compiled=compiled)
    assert (certificate.certified, certificate.silent) == (3, 1)
    half[1].b[2] = half[1].w[2] = 0  # which sample 2 is not exact to
    certificate = prove(*problem, grads, half, compiled=compiled)
    assert (certificate.failed, certificate.first_failure.sample) == (1, 2)
    assert certificate.first_failure.ratio == certificate.worst_ratio > 1


@pytest.mark.parametrize("seed", range(40))
def test_a_change_above_detectable_ulp_is_found(seed):
    rng = np.random.default_rng(seed)
    problem = params, batch, activation = random_network(rng, F32, most_depth=4)
    how = list(PRINTS)[seed % 2]
    grads, half = through_print(backward(forward(*problem)), how, int(rng.integers(5, 10)))
    known = detectable_ulp(case_of(params, batch, grads, activation, printed=half))
    layer, kind = int(rng.integers(len(grads))), int(rng.integers(2))
    array, ulps = grads[layer][kind], known["wb"[kind] + str(layer + 1)]
    place = tuple(int(rng.integers(n)) for n in array.shape)
    if array[place] and np.isfinite(ulps):
        array[place] += F32.type((ulps + 1) * np.spacing(abs(array[place])))
        assert prove(*problem, grads, half).failed == 1


@pytest.mark.parametrize("hidden", [0.002, 0.1, 0.4])
def test_what_is_detectable_allows_for_allowances_that_grow(hidden):
    """With one output all of dw goes into h, and what print hides of h grows with h."""
    one, zero = np.ones((1, 1), F32), np.zeros(1, F32)
    params, batch = (Layer(0 * one, zero),), Batch(one, one)  # delta is -2, and so is dw
    half = (Layer(np.full((1, 1, 1), hidden), np.full((1, 1), hidden)),)

    def grads(w):
        return (Layer(np.full((1, 1, 1), w, F32), -2 * one),)

    known = detectable_ulp(case_of(params, batch, grads(-2), "identity", printed=half))
    changed = -2 - (known["w1"] + 1) * 2.0**-22
    assert prove(params, batch, "identity", grads(-2), half).failed == 0
    assert prove(params, batch, "identity", grads(changed), half).failed == 1


@pytest.mark.parametrize(
    ("g", "e", "hidden"),
    [
        (1.0, 0.0, 0.0),
        (1.0, 1e-8, 0.0),  # there is no other float32 so near
        (1.0, 1e-4, 1e-4 + 2.0**-24),  # the text was rounded to float32
        (2.0**-10, 1e-4, 1e-4 + 2.0**-34),
        (0.0, 1e-7, 1e-7),
    ],
)
def test_what_print_hides_by_hand(g, e, hidden):
    found = hidden_in(np.array([g], F32), np.array([e]))
    assert hidden <= found[0] <= 1.001 * hidden


def test_bounds_allow_for_print():
    values = {"w1": np.array([[1.0]], F32), "b1": np.array([[1.0]], F32)}
    of_rounding = {"w1": np.array([[3e-4]]), "b1": np.array([[3e-4]])}
    allowed = with_printed(Allowance(of_rounding, of_rounding), {"w1": np.array([[4e-4]])}, values)
    assert allowed.worst["w1"] == pytest.approx(7e-4, rel=1e-3)
    assert allowed.typical["w1"] == pytest.approx(5e-4, rel=1e-3)
    assert allowed.worst["b1"] == allowed.typical["b1"] == 3e-4
