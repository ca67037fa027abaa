"""Programs that compute one value twice, adding up in another order, are right."""

import base64
import itertools
import math

import numpy as np
import pytest

from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.copies import copies_apart
from compare.evidence.certificate.detectable import detectable_ulp
from compare.evidence.rounding.arithmetic import Arithmetic
from compare.implementations.numpy_activations import ACTIVATIONS
from jaxmlp import Batch, Layer, init_params
from tests.support.cases import case_of

F32 = np.dtype(np.float32)
DEEP = (17, *(1,) * 12, 3)
NARROW = (DEEP, (4, 1, 3), (17, 10, 1, 3), (4, 5, 1, 5, 3), (9, 1, 10, 1), (4, 1, 1))


def in_order(terms):
    total = terms[..., 0]
    for j in range(1, terms.shape[-1]):
        total = total + terms[..., j]
    return total


def in_pairs(terms):
    """Adds the second half to the first until one is left, as Triton does."""
    missing = 2 ** int(np.ceil(np.log2(terms.shape[-1]))) - terms.shape[-1]
    terms = np.pad(terms, [(0, 0)] * (terms.ndim - 1) + [(0, missing)])
    while terms.shape[-1] > 1:
        half = terms.shape[-1] // 2
        terms = terms[..., :half] + terms[..., half:]
    return terms[..., 0]


def product(a, w, add):
    return add(a[:, None, :] * w.T)


def forward(params, batch, phi, add):
    acts, preacts = [batch.x], []
    for w, b in params:
        preacts.append(product(acts[-1], w, add) + b)
        acts.append(np.asarray(phi.value(preacts[-1]), b.dtype))
    return acts, preacts


def backward(params, phi, preacts, delta, add):
    deltas = [delta]
    for (w, _), z in zip(params[:0:-1], preacts[-2::-1], strict=True):
        slope = np.asarray(phi.slope(z), z.dtype)
        deltas.insert(0, product(deltas[0], w.T, add) * slope)
    return deltas


def two_kernels(params, batch, activation, *, forwards=in_order, backwards=in_order):
    """Gradients of a program whose dL/dw comes from one kernel, and the rest from another."""
    phi = ACTIVATIONS[activation]
    acts, preacts = forward(params, batch, phi, forwards)
    _, others = forward(params, batch, phi, in_order)
    copied = preacts[-1] if 1 in params[-1].w.shape else others[-1]  # a wider product is stored
    within = backward(params, phi, preacts, 2 * (copied - batch.y), backwards)
    beside = backward(params, phi, others, 2 * (others[-1] - batch.y), in_order)
    return tuple(
        Layer(h[:, :, None] * of_dw[:, None], db)
        for h, of_dw, db in zip(acts[:-1], within, beside, strict=True)
    )


def prove(params, batch, activation, grads):
    return certify("mine", case_of(params, batch, grads, activation))


def problem(sizes, activation, seed=0, samples=6):
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes)
    x = rng.random((samples, sizes[0])).astype(F32)
    return params, Batch(x, rng.random((samples, sizes[-1])).astype(F32)), activation


# w1, b1, ..., x [3, 17] and y [3, 3] of 17-1-...-1-3, float32, as they were
SEEN = (
    "HcHsL++tBXXZ9gF!w~_zO|c-ng%;d9Qo;tjBh&Rct!US~Pc+XvP1xkSsBsm%A<g=`hBOpB8anyA>Y>8B4JZ~m62E"
    "A>AFv2L;7%pIe{;aRaRk)6*ZhDyMO(|fzmo7gQKPQA9Jg~j_^xWaBrQa|C#C^C$^DDG9^=fr#K|MQ7YGJC_=D9v9"
    "H_rL=eT9OyI!fhI~;MmK3<Ky_qXD^H}NFB!JGa(<1x6qvD}<IGJ_JmW7}gsJjX6SHBA>jm{|rtA%f~YE)?NDN1`M"
    "@(i=cONHaS>WgJvLQBbly4|@tf=|5&a^%n#^%C$>B2cb<rP_3dqD`|B;0I)wl<Vs~f*XejaD_{XXIn+@<t3^#e1;"
    "m&>cq5rTsKNn1<ozf<f2l}64A~|>4~r5%b2_;`JPkuWQI=#s?6s{v(UAr}kZ+wmiR2?cr8OKsFx@skI$AS79*{{t"
    "DU3uvJV72mKBufbeFs23+mggSzj!}BMq&0nDF%l=1+@M?^vkh6^vkh6^vkh6k15DLk15DLk15DLq+5bMq+5bMq+5"
    "bM"
)


def seen_on_a_gpu():
    """The network of which XLA's dL/dw1 and dL/db1 once came from sums in another order."""
    sizes = (17, *(1,) * 12, 3)
    numbers = iter(np.frombuffer(base64.b85decode("".join(SEEN)), "<f4"))

    def take(*shape):
        return np.array([next(numbers) for _ in range(math.prod(shape))], F32).reshape(shape)

    params = tuple(Layer(take(n, m), take(m)) for n, m in itertools.pairwise(sizes))
    return params, Batch(take(3, 17), take(3, 3)), "identity"


def test_a_delta_that_was_added_up_twice_is_right():
    network = seen_on_a_gpu()
    grads = two_kernels(*network, backwards=in_pairs)
    # what was seen, bit for bit: the others of one sample beside the factor of x[9]
    factor = np.float64(grads[0].w[1, 9, 0]) / grads[0].b[1, 0]
    assert factor == pytest.approx(0.5068765850832434, rel=1e-15)
    certificate = prove(*network, grads)
    assert (certificate.certified, certificate.failed, certificate.silent) == (3, 0, 0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", NARROW, ids=str)
def test_copies_in_any_order_are_never_refuted(sizes, activation):
    for seed in range(2):
        found = params, batch, _ = problem(sizes, activation, seed)
        orders = (in_pairs, in_order), (in_order, in_pairs), (in_pairs, in_pairs)
        each = [two_kernels(*found, forwards=one, backwards=other) for one, other in orders]
        grads = tuple(
            Layer(*map(np.concatenate, zip(*layer, strict=True)))
            for layer in zip(*each, strict=True)
        )
        thrice = Batch(*(np.tile(leaf, (3, 1)) for leaf in batch))
        assert prove(params, thrice, activation, grads).failed == 0


@pytest.mark.parametrize("sizes", [(32, 1, 3), (32, 1, 8, 3), (32, 1, 1, 3)], ids=str)
def test_an_h_that_is_left_of_large_terms_may_be_added_up_twice(sizes):
    params, batch, _ = problem(sizes, "identity", samples=20)
    sign = np.resize(np.array([[1], [-1]], F32), params[0].w.shape)
    params = (Layer((1 + params[0].w / 16) * sign, params[0].b), *params[1:])
    grads = two_kernels(params, Batch(1 + batch.x / 16, batch.y), "identity", forwards=in_pairs)
    certificate = prove(params, Batch(1 + batch.x / 16, batch.y), "identity", grads)
    assert (certificate.certified, certificate.failed) == (20, 0)


def test_a_mistake_beside_copies_is_found_from_the_ulps_that_are_told():
    network = seen_on_a_gpu()
    grads = two_kernels(*network, backwards=in_pairs)
    known = detectable_ulp(case_of(network[0], network[1], grads, network[2]))
    assert 100 < known["w1"] < 400
    for layer, kind in np.ndindex(len(grads), 2):
        wrong = [Layer(w.copy(), b.copy()) for w, b in grads]
        entry = wrong[layer][kind][1].reshape(-1)[-1:]  # a view
        entry += (known[f"{'wb'[kind]}{layer + 1}"] + 1) * np.spacing(np.abs(entry))
        assert prove(*network, tuple(wrong)).failed == 1


@pytest.mark.parametrize("factor", [-1, 0.5, 1.01])
@pytest.mark.parametrize("layer", range(4))
def test_a_wrong_factor_beside_copies_is_found(layer, factor):
    found = problem((4, 5, 1, 5, 3), "tanh")
    grads = list(two_kernels(*found, backwards=in_pairs))
    grads[layer] = Layer(grads[layer].w * F32.type(factor), grads[layer].b)
    assert prove(*found, tuple(grads)).failed > 0


def test_where_copies_may_be_far_apart_nothing_is_said():
    params, batch, _ = problem((4, 1, 2), "identity", samples=1)
    x, y = batch.x, np.zeros((1, 2), F32)
    params = (params[0], Layer(np.array([[1, -1]], F32), np.array([1, 1], F32)))
    params = (Layer(np.full((4, 1), 2.0**-23, F32), np.zeros(1, F32)), params[1])
    grads = two_kernels(params, Batch(x, y), "identity")
    certificate = prove(params, Batch(x, y), "identity", grads)
    assert (certificate.failed, certificate.silent) == (0, 1)


@pytest.mark.parametrize("sizes", [(2, 10, 10, 1), (1, 1, 1), (5, 1), (10, 50, 50, 3)], ids=str)
def test_where_no_copies_differ_nothing_is_allowed_for(sizes):
    found = problem(sizes, "sigmoid")
    case = case_of(found[0], found[1], two_kernels(*found), "sigmoid")
    assert copies_apart(np, case.wide()) is None


def test_what_keeps_fewer_bits_allows_for_copies_anyway():
    found = problem((4, 1, 3), "sigmoid")
    tf32 = Arithmetic(F32, 10, 23)
    case = case_of(found[0], found[1], two_kernels(*found), "sigmoid", arithmetic=tf32)
    assert copies_apart(np, case.wide()) is None
