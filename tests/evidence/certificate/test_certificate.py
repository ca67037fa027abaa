"""The certificate passes what is right, whatever the network, and fails what is not."""

import dataclasses
import functools
import itertools

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from compare.evidence.certificate.certificate import Certificate, certify, merge
from compare.evidence.certificate.detectable import detectable_ulp
from compare.evidence.certificate.finding import Finding
from compare.evidence.certificate.rungs import rungs
from compare.evidence.certificate.textbook import TEXTBOOK
from compare.evidence.rounding.arithmetic import plain_arithmetic
from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.axes import samples_last
from compare.selftest.backward import backward, forward
from compare.selftest.correct_networks import Tally, try_network
from compare.selftest.random_networks import KINDS, draw_network, draw_program
from jaxmlp import Batch, Layer, init_params
from tests.support.cases import case_of, network_of
from tests.support.networks import ALL_ACTIVATIONS, MIXED, alone

F32 = np.dtype(np.float32)


def make(sizes=(2, 10, 10, 1), activation="sigmoid", samples=5, dtype=F32, seed=0, **options):
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes, dtype=dtype, **options)
    x = rng.random((samples, sizes[0])).astype(dtype)
    return params, Batch(x, rng.random((samples, sizes[-1])).astype(dtype)), activation


def right(params, batch, activation):
    return backward(forward(params, batch, activation))


def prove(params, batch, activation, grads, **options):
    return certify("mine", case_of(params, batch, grads, activation), **options)


def changed(grads, layer, kind, place, factor):
    copies = [Layer(w.copy(), b.copy()) for w, b in grads]
    copies[layer][kind][place] *= np.asarray(factor, copies[layer][kind].dtype)
    return tuple(copies)


# by hidden layers; compiling takes most of the time, so that each program is given many weights
DEPTHS = {"shallow": range(4), "deep": range(4, 8), "deepest": range(8, 13)}


def program_of(kind, depths, rng):
    """Draws programs until one has a depth of these."""
    while True:
        program = draw_program(rng, kind.dtype, is_plain=kind.factor_bits is not None)
        if len(program.network.activations) in depths:
            return program


@pytest.mark.parametrize(
    ("kind", "depth"),
    [
        *((kind, "shallow") for kind in KINDS),
        *((kind, "deep") for kind in KINDS[::2]),
        *((kind, "deepest") for kind in KINDS[1::2]),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_random_correct_networks_are_never_refuted(kind, depth):
    rng = np.random.default_rng([KINDS.index(kind), DEPTHS[depth].start])
    program = program_of(kind, DEPTHS[depth], rng)
    for _ in range(3):
        assert list(try_network(draw_network(rng, program), kind, Tally(), rng)) == [], program


@pytest.mark.parametrize("activations", MIXED)
@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_every_implementation_is_certified(name, activations):
    params, batch, _ = make((3, *(8,) * len(activations), 2))
    mixed = ",".join(activations)
    made = IMPLEMENTATIONS[name](params, network_of(params, mixed), "cpu")
    certificate = prove(params, batch, mixed, made.evaluate(alone(batch)).grads)
    assert (certificate.certified, certificate.failed, certificate.silent) == (5, 0, 0)
    assert 0 <= certificate.worst_ratio < 1


@pytest.mark.parametrize("z", [-3.0, -3.868, -4.5, 4.2])
@pytest.mark.parametrize("name", ["jax_grad", "torch_autograd"])
def test_gelu_may_lose_what_is_flushed_on_the_way_back(name, z):
    """0.044715 times what comes back is flushed in XLA, and would be multiplied by 3 z^2."""
    batch = Batch(np.zeros((1, 1), F32), np.full((1, 1), 0.5, F32))
    for w in np.logspace(-36, -32, 25, dtype=F32).reshape(-1, 1, 1):
        layers = Layer(np.ones((1, 1), F32), np.full(1, z, F32)), Layer(w, np.ones(1, F32))
        made = IMPLEMENTATIONS[name](layers, network_of(layers, "gelu"), "cpu")
        grads = made.evaluate(alone(batch)).grads
        assert prove(layers, batch, "gelu", grads).failed == 0


@pytest.mark.parametrize("layer", [0, 1])
def test_a_delta_that_is_off_by_a_few_roundings_is_refuted_by_the_chain_alone(layer):
    """2e-5 is 340 u; up to some 180 u are allowed in the first layer, and 40 in the second."""
    problem = make(activation="tanh")
    grads = [Layer(w.copy(), b.copy()) for w, b in right(*problem)]
    for leaf in grads[layer]:
        leaf[..., 3] *= F32.type(1 + 2e-5)
    certificate = prove(*problem, tuple(grads))
    assert certificate.failed > 0
    assert certificate.first_failure.rule == "chain"
    assert certificate.first_failure.parameter == f"b{layer + 1}"


@pytest.mark.parametrize("name", TEXTBOOK)
def test_no_textbook_formula_excuses_a_delta_that_is_off(name):
    """1e-4 is 1,700 u; up to some 150 u are allowed in these networks."""
    problem = params, _, _ = make(activation=name)
    right_grads, plain = right(*problem), plain_arithmetic("float32")
    ladder = rungs(network_of(params, name), plain, plain, is_known=False)
    assert [one.is_textbook for one in ladder] == [False, True, True]
    for layer, rung in itertools.product(range(2), ladder):
        grads = [Layer(w.copy(), b.copy()) for w, b in right_grads]
        for leaf in grads[layer]:
            leaf *= F32.type(1 + 1e-4)
        certificate = prove(*problem, tuple(grads), rungs=[rung])
        assert certificate.failed == 5, (layer, rung)
        assert certificate.first_failure.rule == "chain"


@pytest.mark.isa
def test_compiled_and_numpy_certificates_agree():
    problem = make(samples=7)
    grads = changed(right(*problem), 1, 0, (3, 2, 2), 1.001)
    plain = prove(*problem, grads, first_sample=10)
    compiled = prove(*problem, grads, first_sample=10, compiled=True)
    assert plain.first_failure == compiled.first_failure
    assert (plain.certified, plain.failed) == (compiled.certified, compiled.failed) == (6, 1)


PLACES = {
    "w1": (0, 0, "w1"),
    "b1": (0, 1, "w1"),  # rank_one of w1 reads b1, and comes first
    "w2": (1, 0, "w2"),
    "w3": (2, 0, "w3"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_wrong_entry_is_found_in_its_sample_and_layer(name):
    layer, kind, parameter = PLACES[name]
    problem = make()
    place = (3, 1, 0) if kind == 0 else (3, 1)
    certificate = prove(*problem, changed(right(*problem), layer, kind, place, 1.01))
    assert certificate.failed == 1
    assert certificate.first_failure.sample == 3
    assert certificate.first_failure.parameter == parameter
    assert certificate.first_failure.ratio > 100


@hypothesis.given(st.integers(0, 10**6), st.sampled_from(ALL_ACTIVATIONS), st.sampled_from([-1, 1]))
@hypothesis.settings(deadline=None, max_examples=60)
def test_a_change_above_detectable_ulp_is_found(seed, activation, sign):
    rng = np.random.default_rng(seed)
    width, outputs = int(rng.choice((1, 2, 5, 12))), int(rng.choice((1, 3)))
    sizes = (2, *(width,) * int(rng.integers(0, 4)), outputs)
    problem = params, batch, _ = make(sizes, activation, samples=3, seed=seed)
    grads = tuple(Layer(w.copy(), b.copy()) for w, b in right(*problem))
    known = detectable_ulp(case_of(params, batch, grads, activation))
    layer, kind = int(rng.integers(len(grads))), int(rng.integers(2))
    array = grads[layer][kind]
    place = tuple(int(rng.integers(n)) for n in array.shape)
    ulps = known["wb"[kind] + str(layer + 1)]
    hypothesis.assume(abs(array[place]) > 1e-37)
    hypothesis.assume(ulps < 1e6)
    array[place] += np.float32(sign * (ulps + 1) * np.spacing(abs(array[place])))
    assert prove(params, batch, activation, grads).failed == 1


def test_a_dead_relu_layer_is_certified_and_a_detached_one_is_refuted():
    params, batch, _ = make((2, 4, 4, 1), "relu")
    dead = (params[0], Layer(params[1].w, np.full(4, -100, F32)), params[2])
    grads = right(dead, batch, "relu")
    assert not grads[0].w.any()
    assert prove(dead, batch, "relu", grads).certified == 5
    detached = tuple(Layer(0 * w, 0 * b) for w, b in right(params, batch, "sigmoid"))
    assert prove(params, batch, "sigmoid", detached).failed == 5


def test_zero_delta_with_weight_gradients_left_is_refuted():
    params, batch, _ = make((2, 4, 4, 1), "relu")
    dead = (params[0], Layer(params[1].w, np.full(4, -100, F32)), params[2])
    grads = right(dead, batch, "relu")
    spoilt = (Layer(grads[0].w + F32.type(1e-6), grads[0].b), *grads[1:])
    assert prove(dead, batch, "relu", spoilt).failed == 5


def test_an_uncertain_relu_admits_both_slopes_and_is_counted():
    one = np.ones((1, 1), F32)
    params = (Layer(one * F32.type(0.1), np.array([-0.03], F32)), Layer(one, np.zeros(1, F32)))
    x = np.array([[0.3]], F32)  # 0.1 * 0.3 - 0.03 is 0 but for rounding
    batch = Batch(x, np.ones((1, 1), F32))
    output = 2 * (np.float64(params[0].w[0, 0]) * x + params[0].b - 1).astype(F32)
    h = np.maximum(0, np.float64(params[0].w[0, 0]) * x + params[0].b).astype(F32)
    for slope in (0, 1):
        grads = (
            Layer((x * output * slope)[:, :, None], output * slope),
            Layer((h * output)[:, :, None], output),
        )
        certificate = prove(params, batch, "relu", grads)
        assert (certificate.certified, certificate.at_kink) == (1, 1)


def test_what_drowns_in_the_rounding_of_the_residual_is_silent():
    params, batch, activation = make()
    f = forward(params, batch, activation)
    fitted = Batch(batch.x, np.nextafter(f.z[-1], F32.type(2)))
    grads = right(params, fitted, activation)
    for sign in (1, -1):
        certificate = prove(
            params, fitted, activation, tuple(Layer(sign * w, sign * b) for w, b in grads)
        )
        assert (certificate.certified, certificate.failed, certificate.silent) == (0, 0, 5)


@pytest.mark.parametrize("compiled", [False, True], ids=["numpy", "compiled"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("place", [(0, 0, (2, 0, 0)), (1, 1, (2, 3)), (2, 1, (2, 0))])
def test_what_is_not_finite_is_silent(place, value, compiled):
    problem = make()
    grads = changed(right(*problem), *place, value)
    certificate = prove(*problem, grads, compiled=compiled)
    assert (certificate.certified, certificate.failed, certificate.silent) == (4, 0, 1)
    assert certificate.not_finite == 1
    assert certificate.worst.sample != 2


def test_where_nothing_is_finite_there_is_no_worst():
    problem = make(samples=1)
    certificate = prove(*problem, changed(right(*problem), 0, 0, (0, 0, 0), np.nan))
    assert (certificate.silent, certificate.worst) == (1, None)


@pytest.mark.isa
def test_blocks_merge():
    params, batch, activation = make(samples=6)
    grads = right(params, batch, activation)
    for sample in (1, 4, 5):
        grads = changed(grads, 2, 1, (sample, 0), 3)
    whole = prove(params, batch, activation, grads)
    assert (whole.failed, whole.first_failure.sample) == (3, 1)

    def part(rows, first):
        some = tuple(Layer(w[rows], b[rows]) for w, b in grads)
        few = Batch(batch.x[rows], batch.y[rows])
        return prove(params, few, activation, some, first_sample=first)

    parts = part(slice(0, 3), 0), part(slice(3, 6), 3)
    merged = merge(*parts)
    assert merge(*reversed(parts)) == merged
    # A finding is computed of its sample alone, and so to the same bits in any block. The ratios of
    # rules are those of products of a whole block: `test_rule_summary` has them.
    assert dataclasses.replace(merged, rules=whole.rules) == whole


@hypothesis.given(
    st.permutations(range(5)),
    st.lists(st.sampled_from([None, 0.0, 0.5, 1.0, 7.0]), min_size=5, max_size=5),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_blocks_merge_in_any_order(order, ratios, failed):
    def finding(sample, ratio):
        return Finding(ratio, sample, "w1", "rank_one", (0, 0), 1.0, 2.0, 3.0)

    blocks = [
        Certificate(
            "mine",
            "float32",
            certified=10 * i,
            failed=int(fails),
            silent=i * i,
            not_finite=i,
            at_kink=i,
            worst=None if ratio is None else finding(10 * i, ratio),
            first_failure=finding(10 * i + 1, 2.0) if fails else None,
        )
        for i, (ratio, fails) in enumerate(zip(ratios, failed, strict=True))
    ]
    merged = functools.reduce(merge, (blocks[i] for i in order))
    assert merged == functools.reduce(merge, blocks)
    assert (merged.certified, merged.failed, merged.silent) == (100, sum(failed), 30)
    assert (merged.not_finite, merged.at_kink) == (10, 10)
    known = [ratio for ratio in ratios if ratio is not None]
    if known:
        assert merged.worst == finding(10 * ratios.index(max(known)), max(known))
    if any(failed):
        assert merged.first_failure.sample == 10 * failed.index(True) + 1


@pytest.mark.isa
@pytest.mark.parametrize("compiled", [False, True], ids=["numpy", "compiled"])
def test_of_equal_ratios_the_lowest_sample_is_the_worst(compiled):
    # Products of one term: those of several may be summed otherwise in the last columns of a block.
    params, batch, activation = make((1, 1, 1, 1), "identity", samples=1)
    grads = changed(right(params, batch, activation), 1, 0, (0, 0, 0), 1.01)
    grads = tuple(Layer(*(np.repeat(leaf, 9, axis=0) for leaf in layer)) for layer in grads)
    nine = Batch(*(np.repeat(leaf, 9, axis=0) for leaf in batch))

    def alike(known=()):
        return prove(
            params, nine, activation, grads, first_sample=7, compiled=compiled, known=known
        )

    certificate = alike()
    assert certificate.failed == 9
    assert certificate.worst.sample == certificate.first_failure.sample == 7
    assert alike([certificate]) == certificate  # it may be that of a lower sample
    worse = dataclasses.replace(certificate.worst, ratio=1.001 * certificate.worst.ratio)
    assert alike([dataclasses.replace(certificate, worst=worse)]).worst is None


def in_memory(array, axis):
    """The same array [N, ...], its sample axis elsewhere in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 0, axis)), axis, 0)


@pytest.mark.parametrize("compiled", [False, True], ids=["numpy", "compiled"])
def test_the_order_in_memory_does_not_matter(compiled):
    params, batch, activation = make()
    grads = changed(right(params, batch, activation), 1, 0, (3, 2, 2), 1.001)
    last = tuple(Layer(*(in_memory(leaf, -1) for leaf in layer)) for layer in grads)
    assert np.shares_memory(samples_last(last[1].w), last[1].w)
    turned = Batch(*(in_memory(leaf, -1) for leaf in batch))
    found = prove(params, batch, activation, grads, compiled=compiled)
    assert found.failed == 1
    assert prove(params, turned, activation, last, compiled=compiled) == found


def test_a_float64_gradient_of_float32_weights_is_held_to_float64():
    params, batch, activation = make()
    grads = (
        IMPLEMENTATIONS["numpy_manual"](params, network_of(params, activation), "cpu")
        .evaluate(alone(batch))
        .grads
    )
    assert prove(params, batch, activation, grads).certified == 5
    spoilt = changed(grads, 1, 0, (0, 0, 0), 1 + 1e-9)
    assert prove(params, batch, activation, spoilt).failed == 1


def test_a_wrong_sign_under_a_saturated_layer_is_found():
    """Where sigmoid is flat its slope is known well, however much its curvature is elsewhere."""
    rng = np.random.default_rng(5)
    sizes = (4, *(9,) * 14, 1)
    params = [
        Layer(
            (2 * rng.uniform(-1, 1, (a, b)) / np.sqrt(a)).astype(F32),
            (2 * rng.uniform(-1, 1, b) / np.sqrt(a)).astype(F32),
        )
        for a, b in itertools.pairwise(sizes)
    ]
    params[0] = params[0]._replace(b=np.full(9, -17, F32))
    batch = Batch(rng.uniform(-1, 1, (20, 4)).astype(F32), rng.standard_normal((20, 1)).astype(F32))
    grads = right(tuple(params), batch, "sigmoid")
    assert prove(params, batch, "sigmoid", grads).certified == 20
    negated = (Layer(-grads[0].w, -grads[0].b), *grads[1:])
    assert prove(params, batch, "sigmoid", negated).failed == 20


def test_what_is_detectable_counts_the_finer_steps_below_a_power_of_two():
    x = np.array([[1 + 2.0**-23]], F32)
    params, batch = (Layer(np.ones((1, 1), F32), np.zeros(1, F32)),), Batch(x, x - np.ones_like(x))
    grads = (Layer(2 * x[:, None], np.full((1, 1), 2, F32)),)  # dw is 2 + 2^-22
    known = int(np.ceil(detectable_ulp(case_of(params, batch, grads, "sigmoid"))["w1"]))
    assert prove(params, batch, "sigmoid", grads).certified == 1
    for steps in (known, -known):
        moved = (grads[0].w.view(np.int32) + np.int32(steps)).view(F32)
        changed = (Layer(moved, grads[0].b),)
        assert prove(params, batch, "sigmoid", changed).failed == 1


def test_a_slope_that_is_flushed_to_zero_is_right():
    """silu'(z) is about z sigmoid(z), and sigmoid(-87.4) is below the normal numbers."""
    params = (
        Layer(np.full((1, 1), -87.4, F32), np.zeros(1, F32)),
        Layer(np.full((1, 1), 3, F32), np.zeros(1, F32)),
    )
    batch = Batch(np.ones((1, 1), F32), np.full((1, 1), -1, F32))
    delta2, nothing = np.full((1, 1), 2, F32), np.zeros((1, 1), F32)
    flushed = (Layer(nothing[:, None], nothing), Layer(nothing[:, None], delta2))
    certificate = prove(params, batch, "silu", flushed)
    assert (certificate.failed, certificate.silent) == (0, 1)


@pytest.mark.parametrize("seed", [3, 5, 6, 9, 13])
def test_in_float64_a_change_above_detectable_ulp_is_found_in_every_entry(seed):
    """The rules are evaluated in float64 too, with errors as large as those they allow for."""
    rng = np.random.default_rng(seed)
    sizes = tuple(int(n) for n in rng.integers(1, 6, 4))
    params, batch, activation = make(
        sizes, "silu", samples=1, dtype=np.dtype(np.float64), seed=seed
    )
    grads = right(params, batch, activation)
    known = detectable_ulp(case_of(params, batch, grads, activation))
    moved = [
        (layer, kind, place, sign)
        for layer, pair in enumerate(grads)
        for kind, array in enumerate(pair)
        for place in np.ndindex(array.shape[1:])
        for sign in (-1, 1)
    ]
    each = tuple(Layer(*(np.repeat(leaf, len(moved), axis=0) for leaf in pair)) for pair in grads)
    for row, (layer, kind, place, sign) in enumerate(moved):
        steps = sign * int(np.ceil(known["wb"[kind] + str(layer + 1)]))
        each[layer][kind].view(np.int64)[(row, *place)] += steps
    batch = Batch(*(np.repeat(leaf, len(moved), axis=0) for leaf in batch))
    assert prove(params, batch, activation, each).failed == len(moved)
