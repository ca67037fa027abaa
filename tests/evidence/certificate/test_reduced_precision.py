"""Float32 with reduced matrix products: certified as what it is, refuted as plain float32."""

import numpy as np
import pytest

from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.detectable import detectable_ulp
from compare.evidence.rounding.arithmetic import Arithmetic
from compare.implementations.base import Computation
from compare.problem.answers import answer_of
from compare.selftest.backward import backward, forward
from compare.selftest.correct_networks import bounds_of
from compare.selftest.mistakes import MISTAKES
from compare.selftest.random_networks import RandomNetwork
from compare.selftest.reduced_precision import ReducedPrecision, evaluate, keep
from compare.selftest.trial import outcome
from jaxmlp import Batch, Layer, init_params
from jaxmlp.base import Evaluation
from tests.support.cases import case_of, network_of
from tests.support.explanations import causes_of, said_of

F32 = np.dtype(np.float32)
TF32 = Arithmetic(F32, 10, 23)
PRODUCTS = {
    "TF32, rounded": ReducedPrecision(10, False, False),
    "TF32, truncated": ReducedPrecision(10, True, False),
    "TF32 on tensor cores": ReducedPrecision(10, False, True),
    "bfloat16, rounded": ReducedPrecision(7, False, False),
    "bfloat16, truncated, on tensor cores": ReducedPrecision(7, True, True),
}


def network(activation="sigmoid", seed=0, sizes=(3, 20, 20, 2)):
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes, dtype=F32)
    batch = Batch(*(rng.random((6, n)).astype(F32) for n in (sizes[0], sizes[-1])))
    return params, batch, activation


def random_network(problem):
    params, batch, activation = problem
    return RandomNetwork(params, batch, network_of(params, activation))


def prove(problem, grads, arithmetic=None):
    params, batch, activation = problem
    return certify("mine", case_of(params, batch, grads, activation, arithmetic=arithmetic))


def plain(problem):
    f = forward(*problem)
    return Evaluation(f.z[-1], np.square(f.residual).sum(axis=1), backward(f))


@pytest.mark.parametrize(
    ("bits", "truncate", "expected"),
    [
        (10, False, 1 + 2.0**-10),
        (10, True, 1.0),
        (7, True, 1.0),
        (23, False, 1 + 2.0**-10 - 2.0**-13),
    ],
)
def test_bits_that_a_factor_keeps(bits, truncate, expected):
    value = 1 + 2.0**-10 - 2.0**-13
    values = np.array([value, -4 * value, 0], F32)
    found = keep(values, bits, truncate=truncate)
    np.testing.assert_array_equal(found, [expected, -4 * expected, 0])
    assert found.dtype == F32


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "gelu"])
@pytest.mark.parametrize("name", PRODUCTS)
def test_reduced_products_pass_as_what_they_are_and_fail_as_plain_float32(name, activation):
    problem, product = network(activation), PRODUCTS[name]
    grads = evaluate(*problem, product).grads
    found = prove(problem, grads, Arithmetic(F32, product.bits, 23))
    assert (found.certified, found.failed) == (6, 0)
    assert 0.01 < found.worst_ratio < 1
    assert prove(problem, grads).failed == 6


def test_bfloat16_products_fail_as_tf32():
    problem = network()
    grads = evaluate(*problem, PRODUCTS["bfloat16, rounded"]).grads
    assert prove(problem, grads, TF32).failed == 6


def test_full_products_pass_as_reduced_ones():
    problem = network()
    assert prove(problem, plain(problem).grads, TF32).certified == 6


@pytest.mark.parametrize("name", PRODUCTS)
def test_end_to_end_bounds_allow_for_reduced_products(name):
    problem, product = network(), PRODUCTS[name]
    made = {"jax_manual": plain(problem), "mine": evaluate(*problem, product)}
    both = {name: answer_of(one, 6) for name, one in made.items()}
    allowed = bounds_of(
        random_network(problem),
        both,
        {"mine": Computation(arithmetic=Arithmetic(F32, product.bits, 23))},
    )
    assert 1e-3 < max(bound.worst_ratio for bound in allowed) < 1
    assert max(bound.worst_ratio for bound in bounds_of(random_network(problem), both, {})) > 10


def test_an_outer_product_by_reduced_factors_is_allowed_for():
    problem = network(sizes=(3, 2))  # nothing else is a product but yhat
    right = plain(problem)
    (layer,) = right.grads
    h, delta = (keep(v, 10, truncate=True) for v in (problem[1].x, layer.b))
    reduced = right._replace(grads=(layer._replace(w=h[:, :, None] * delta[:, None, :]),))
    both = {"jax_manual": answer_of(right, 6), "torch_autograd": answer_of(reduced, 6)}
    of_w1 = next(
        bounds_of(
            random_network(problem),
            both,
            {"torch_autograd": Computation("torch", TF32)},
        )
    )
    assert of_w1.name == "w1"
    assert 0.1 < of_w1.worst_ratio <= 1
    assert prove(problem, reduced.grads, TF32).failed == 0
    assert prove(problem, reduced.grads).failed == 6


FOUND = [
    "factor 2 missing",
    "sign of the output",
    "phi' missing everywhere",
    "first layer negated",
    "x left out",
    "z for h in dw",
    "last dw halved",
]


@pytest.mark.parametrize("name", FOUND)
def test_gross_mistakes_are_found_and_explained_beside_tf32_products(name):
    problem = network()
    f = forward(*problem)
    grads = MISTAKES[name].gradients(f)
    assert prove(problem, grads, TF32).failed == 6
    params, batch, activation = problem
    case = case_of(params, batch, grads, activation, arithmetic=TF32)
    claims = [told.of(f) for told in MISTAKES[name].told]
    assert outcome(claims, causes_of(case)) == "right", said_of(case)


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_mistake_made_with_reduced_products_is_explained(name):
    params, batch, activation = problem = network()
    product = PRODUCTS[name]
    grads = [Layer(w / 2, b / 2) for w, b in evaluate(*problem, product).grads]
    arithmetic = Arithmetic(F32, product.bits, 23)
    assert prove(problem, grads, arithmetic).failed == 6
    case = case_of(params, batch, grads, activation, arithmetic=arithmetic)
    assert said_of(case).startswith("half of what the chain rule gives")
    plain_case = case_of(params, batch, grads, activation)
    assert said_of(plain_case) == ""  # as plain float32 it fits to no rounding


def test_a_change_above_what_is_detectable_is_found():
    problem = params, batch, activation = network()
    grads = evaluate(*problem, PRODUCTS["TF32, rounded"]).grads
    known = detectable_ulp(case_of(params, batch, grads, activation, arithmetic=TF32))
    rng, tried = np.random.default_rng(0), 0
    for layer, pair in enumerate(grads):
        for kind, array in enumerate(pair):
            for _ in range(10):
                place = tuple(int(rng.integers(n)) for n in array.shape)
                before = array[place]
                change = (known["wb"[kind] + str(layer + 1)] + 1) * float(np.spacing(abs(before)))
                if change < 0.1 * np.abs(array).max():
                    array[place] = before + change
                    assert prove(problem, grads, TF32).failed == 1
                    tried += 1
                array[place] = before
    assert tried > 10
