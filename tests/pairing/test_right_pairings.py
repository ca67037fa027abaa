"""Of weights that were ported rightly all are found, exactly, and nothing is wrong with any."""

import hypothesis
import numpy as np
from hypothesis import strategies as st

from compare.pairing.pairs import pair
from tests.pairing.networks import is_made


def convolved(draw, generator, name):
    shape = draw(st.tuples(*[st.integers(2, 5)] * 4))
    weight = generator.standard_normal(shape)
    return {f"{name}.weight": weight}, {f"{name}.kernel": weight.transpose(2, 3, 1, 0)}


def dense(draw, generator, name):
    outputs, inputs = draw(st.tuples(st.integers(2, 6), st.integers(2, 6)))
    weight = generator.standard_normal((outputs, inputs))
    return {f"{name}.weight": weight}, {f"{name}.kernel": weight.T}


def as_it_is(draw, generator, name):
    weight = generator.standard_normal(draw(st.tuples(st.integers(2, 9), st.integers(2, 5))))
    return {f"{name}.weight": weight}, {f"{name}.embedding": weight}


def fused(draw, generator, name):
    width, order = draw(st.integers(3, 6)), draw(st.permutations("qkv"))
    theirs = {f"{name}.{one}.weight": generator.standard_normal((width, width)) for one in "qkv"}
    joined = np.concatenate([theirs[f"{name}.{one}.weight"] for one in order])
    return theirs, {f"{name}.qkv.kernel": joined.T}


def split(draw, generator, name):
    heads, depth = draw(st.tuples(st.integers(2, 3), st.integers(2, 4)))
    width = heads * depth
    weight = generator.standard_normal((3 * width, width))
    own = {
        f"{name}.{one}.kernel": weight[k * width : (k + 1) * width].T.reshape(width, heads, depth)
        for k, one in enumerate(("query", "key", "value"))
    }
    return {f"{name}.in_proj_weight": weight}, own


@st.composite
def ports(draw):
    """Weights of a reference, and of a port whose modules come in another order."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    theirs, parts = {}, []
    for k in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from([convolved, dense, as_it_is, fused, split]))
        name = f"{kind.__name__}_{k}"
        one, other = kind(draw, generator, name)
        if draw(st.booleans()) and f"{name}.weight" in one:
            size = next(iter(one.values())).shape[0]
            bias = draw(st.sampled_from([np.zeros(size), generator.standard_normal(size)]))
            one, other = one | {f"{name}.bias": bias}, other | {f"{name}.bias": bias}
        theirs |= {name: array.astype(np.float32) for name, array in one.items()}
        parts.extend((name, array.astype(np.float32)) for name, array in other.items())
    return theirs, dict(draw(st.permutations(parts)))


@hypothesis.settings(deadline=None, max_examples=200)
@hypothesis.given(ports())
def test_nothing_is_wrong_with_a_right_port(port):
    theirs, own = port
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.findings == found.kept == found.unused == found.ties == ()
    assert not [one for one in found.remarks if one.kind != "another order"]
    for name, one in found.arrangements.items():
        assert {source.partition(".")[0] for source in one.sources} == {name.partition(".")[0]}


@hypothesis.settings(deadline=None, max_examples=50)
@hypothesis.given(st.integers(0, 2**32 - 1), st.integers(8, 40))
def test_any_order_of_entries_is_found(seed, size):
    generator = np.random.default_rng(seed)
    theirs = {name: generator.standard_normal(size).astype(np.float32) for name in ("a", "b")}
    every = np.concatenate(list(theirs.values()))
    order = generator.permutation(2 * size)
    own = {"one": every[order][: size - 3], "two": every[order][size - 3 :].reshape(1, -1)}
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.findings == found.kept == ()
