"""Sweeps: the bits of a sample are its own, whatever it is computed with."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxmlp import ACTIVATIONS, Batch, Evaluation, Layer, autodiff, backprop, init_params, sweep
from tests.jaxmlp.test_gradients import worst_scaled_error
from tests.support.networks import NETWORKS, make_network, xla_flags

MODULES = {"autodiff": autodiff, "backprop": backprop}
TANH = ACTIVATIONS["tanh"]
SIZES = (2, 10, 10, 1)
SMALL = {"block": 8, "chunk": 24}  # so that a few samples make many chunks


def make(n, *, sizes=SIZES, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    params = init_params(rng, sizes, dtype=dtype)
    return params, Batch(*(rng.random((n, k)).astype(dtype) for k in (sizes[0], sizes[-1])))


def rows(batch, start, stop=None):
    return Batch(*(array[start:stop] for array in batch))


def gathered(module, params, batch, *, sizes=SIZES, start=0, **plan):
    plan = sweep.plan_for(sizes, **plan)
    chunks = sweep.compute(
        module.per_sample_gradients, params, batch, activation=TANH, start=start, plan=plan
    )
    return sweep.gather(chunks)


def same_bits(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(p.shape == q.shape and p.tobytes() == q.tobytes() for p, q in pairs)


def first(evaluation, n, start=0):
    return jax.tree.map(lambda leaf: leaf[start:n], evaluation)


both = pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
layouts = pytest.mark.parametrize("sample_axis", [0, -1], ids=["first", "last"])


@both
@layouts
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("chunk", [8, 24], ids=["one_block", "blocks"])
def test_a_sweep_is_the_plain_function_in_float64(network, module, sample_axis, chunk):
    params, batch = make_network(network, samples=53)
    with jax.enable_x64(True):
        plain = module.per_sample_gradients(params, batch, activation=TANH)
        found = gathered(
            module,
            params,
            batch,
            sizes=NETWORKS[network][0],
            sample_axis=sample_axis,
            block=8,
            chunk=chunk,
        )
    assert {leaf.dtype.name for leaf in jax.tree.leaves(found)} == {"float64"}
    assert [leaf.shape for leaf in jax.tree.leaves(found)] == [
        leaf.shape for leaf in jax.tree.leaves(plain)
    ]
    assert worst_scaled_error(jax.tree.map(np.asarray, plain), found) < 1e-12


@pytest.mark.isa
@both
@layouts
def test_bits_do_not_depend_on_how_many_samples_there_are(module, sample_axis):
    params, batch = make(100)
    plan = {**SMALL, "sample_axis": sample_axis}
    whole = gathered(module, params, batch, **plan)
    for n in (1, 7, 8, 9, 23, 24, 25, 99):
        assert same_bits(first(whole, n), gathered(module, params, rows(batch, 0, n), **plan)), n


@both
@layouts
def test_bits_do_not_depend_on_where_it_starts(module, sample_axis):
    params, batch = make(100)
    plan = {**SMALL, "sample_axis": sample_axis}
    whole = gathered(module, params, batch, **plan)
    for start in (8, 24, 40, 96):
        found = gathered(module, params, batch, start=start, **plan)
        assert same_bits(first(whole, 100, start), found), start


@pytest.mark.isa
@both
@layouts
def test_bits_do_not_depend_on_the_chunk(module, sample_axis):
    params, batch = make(100)
    found = [
        gathered(module, params, batch, sample_axis=sample_axis, block=8, chunk=chunk)
        for chunk in (16, 24, 48, 800)
    ]
    assert all(same_bits(found[0], other) for other in found[1:])


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 70),
    block=st.integers(1, 9),
    blocks=st.integers(1, 4),
    sample_axis=st.sampled_from([0, -1]),
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    module=st.sampled_from(list(MODULES.values())),
)
def test_any_sizes(n, block, blocks, sample_axis, sizes, module):
    params, batch = make(n, sizes=sizes, dtype=np.float64)
    with jax.enable_x64(True):
        plan = {"sample_axis": sample_axis, "block": block, "chunk": block * blocks}
        found = gathered(module, params, batch, sizes=sizes, **plan)
        plain = module.per_sample_gradients(params, batch, activation=TANH)
    assert worst_scaled_error(jax.tree.map(np.asarray, plain), found) < 1e-12


BITS = """
import hashlib
import jax
from jaxmlp import ACTIVATIONS, autodiff, backprop, sweep
from tests.jaxmlp.test_sweep import make, rows
devices = jax.local_devices()
sizes = (2, 10, 10, 1)
for module in (autodiff, backprop):
    for axis in (0, -1):
        for chunk in (64, 256):
            params, batch = make(1000)
            plan = sweep.plan_for(sizes, sample_axis=axis, block=64, chunk=chunk)
            found = sweep.gather(sweep.compute(
                module.per_sample_gradients, params, batch,
                activation=ACTIVATIONS["sigmoid"], plan=plan))
            digest = hashlib.sha256()
            for leaf in jax.tree.leaves(found):
                digest.update(leaf.tobytes())
            print(module.__name__, axis, chunk, digest.hexdigest())
print(len(devices))
"""


def run_on(devices, code):
    flags = xla_flags(f"--xla_force_host_platform_device_count={devices}")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bits_do_not_depend_on_the_number_of_devices():
    one, two, four = (run_on(devices, BITS).splitlines() for devices in (1, 2, 4))
    assert [lines.pop() for lines in (one, two, four)] == ["1", "2", "4"]
    assert len(one) == 8
    assert two == one
    assert four == one


@layouts
def test_padding_never_leaks(sample_axis):
    """What a chunk has held before is in no later one, and repeated rows are in no result."""
    params, batch = make(20)
    plan = sweep.plan_for(SIZES, sample_axis=sample_axis, **SMALL)
    f = backprop.per_sample_gradients
    nan = Batch(*(np.full((48, k), np.nan, np.float32) for k in (2, 1)))
    held = sweep.compute(f, params, nan, activation=TANH, plan=plan)
    chunks = sweep.compute(f, params, batch, activation=TANH, plan=plan, previous=held)
    found = sweep.gather(chunks)
    assert found.loss.shape == (20,)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found))
    assert np.isnan(np.asarray(jax.tree.leaves(chunks[0].evaluation)[0])).sum() == 0


@layouts
def test_a_block_that_no_sample_needs_is_not_computed(sample_axis):
    params, batch = make(3)
    plan = sweep.plan_for(SIZES, sample_axis=sample_axis, **SMALL)
    (chunk,) = sweep.compute(
        backprop.per_sample_gradients, params, batch, activation=TANH, plan=plan
    )
    loss = np.asarray(chunk.evaluation.loss)
    assert (chunk.start, chunk.size, chunk.sample_axis) == (0, 3, sample_axis)
    assert loss.shape == (24,)
    assert loss[:8].all()
    assert not loss[8:].any()


def test_a_stream_uses_the_same_memory_again():
    params, batch = make(100)
    plan = sweep.plan_for(SIZES, **SMALL)
    f = backprop.per_sample_gradients
    places, before, found = [], None, []
    for chunk in sweep.stream(f, params, batch, activation=TANH, plan=plan):
        if before is not None:
            assert all(leaf.is_deleted() for leaf in jax.tree.leaves(before))
        before = chunk.evaluation
        places.append(before.grads[1].w.unsafe_buffer_pointer())
        found.append(np.array(sweep.leading(chunk).loss))  # a view would keep the memory
        before.loss.block_until_ready()
    assert len(places) == 5
    assert len(set(places)) == 1
    whole = gathered(backprop, params, batch, **SMALL)
    assert same_bits(np.concatenate(found), whole.loss)


@both
def test_memory_is_handed_back(module):
    params, batch = make(100)
    fresh = sweep.compute(module.per_sample_gradients, params, batch, activation=TANH)
    place = fresh[0].evaluation.grads[1].w.unsafe_buffer_pointer()
    again = sweep.compute(
        module.per_sample_gradients, params, batch, activation=TANH, previous=fresh
    )
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(fresh[0].evaluation))
    assert again[0].evaluation.grads[1].w.unsafe_buffer_pointer() == place


def test_a_view_survives_the_donation_of_its_memory():
    params, batch = make(30)
    f = backprop.per_sample_gradients
    one = sweep.compute(f, params, batch, activation=TANH)
    view = sweep.leading(one[0]).loss
    kept = view.copy()
    other = Batch(batch.x + 1, batch.y)
    sweep.compute(f, params, other, activation=TANH, previous=one)
    assert same_bits(view, kept)


@both
@layouts
@pytest.mark.parametrize("n", [1, 5])
def test_chunk_function(module, sample_axis, n):
    params, batch = make(n)
    f = sweep.chunk_function(module.per_sample_gradients, activation=TANH, sample_axis=sample_axis)
    found = f(params, batch)
    plain = module.per_sample_gradients(params, batch, activation=TANH)
    to_front = jax.tree.map(lambda leaf: np.moveaxis(np.asarray(leaf), sample_axis, 0), found)
    assert found.grads[1].w.shape == ((n, 10, 10) if sample_axis == 0 else (10, 10, n))
    assert worst_scaled_error(jax.tree.map(np.asarray, plain), to_front) < 1e-5
    kept = jax.tree.map(np.array, found)
    found = f(params, batch)
    again = f(params, batch, previous=found)
    assert found.loss.is_deleted()
    assert same_bits(kept, jax.tree.map(np.asarray, again))


def test_a_function_that_knows_no_other_layout_is_swept_with_samples_first():
    def plain(params, batch, *, activation):
        return autodiff.per_sample_gradients(params, batch, activation=activation)

    params, batch = make(20)
    plan = sweep.plan_for(SIZES, sample_axis=0, **SMALL)
    found = sweep.gather(sweep.compute(plain, params, batch, activation=TANH, plan=plan))
    assert same_bits(found, gathered(autodiff, params, batch, sample_axis=0, **SMALL))


def test_a_wrong_backward_shows_at_its_sample():
    """Break the code: what is swept is what was given, and nothing else."""

    def wrong(params, batch, *, activation, sample_axis=0):
        found = backprop.per_sample_gradients(
            params, batch, activation=activation, sample_axis=sample_axis
        )
        grads = tuple(Layer(-w, b) for w, b in found.grads)
        return Evaluation(found.prediction, found.loss, grads)

    params, batch = make(20)
    right = gathered(backprop, params, batch, **SMALL)
    plan = sweep.plan_for(SIZES, **SMALL)
    found = sweep.gather(sweep.compute(wrong, params, batch, activation=TANH, plan=plan))
    assert same_bits(found.grads[0].b, right.grads[0].b)
    assert same_bits(found.grads[0].w, -right.grads[0].w)


@pytest.mark.parametrize(
    ("sizes", "plan"),
    [
        ((2, 10, 10, 1), (-1, 2048, 16_384)),
        ((10, *(50,) * 10, 1), (-1, 256, 512)),
        ((784, 512, 512, 10), (0, 8, 16)),
        ((5000, 5000, 10), (0, 1, 1)),
    ],
)
def test_what_is_chosen(sizes, plan):
    assert sweep.plan_for(sizes) == plan


def test_what_is_given_is_kept():
    assert sweep.plan_for(SIZES, sample_axis=0, chunk=2048) == (0, 2048, 2048)
    assert sweep.plan_for(SIZES, block=3) == (-1, 3, 16_383)
    assert sweep.plan_for(SIZES, block=20_000) == (-1, 20_000, 20_000)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample_axis": 1}, "sample_axis: expected 0 or -1, first or last, got 1"),
        ({"sample_axis": "last"}, "sample_axis: expected 0 or -1, first or last, got 'last'"),
        ({"block": 0}, "block: expected at least 1 sample, got 0"),
        ({"chunk": 0}, "chunk: expected a multiple of block = 2048, got 0"),
        ({"chunk": -1024}, "chunk: expected a multiple of block = 2048, got -1024"),
        ({"chunk": 1000}, "chunk: expected a multiple of block = 2048, got 1000"),
    ],
)
def test_plans_that_cannot_be(given, message):
    with pytest.raises(ValueError, match=message):
        sweep.plan_for(SIZES, **given)


x, y = np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)


@pytest.mark.parametrize("sweeping", [sweep.stream, sweep.compute])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": Batch(x[:0], y[:0])}, r"x: expected at least one sample \[N, 2\], got shape"),
        ({"batch": Batch(x[0], y[0])}, r"x: expected shape \(2, 2\), got \(2,\)"),
        ({"batch": Batch(x[0, 0], y[0])}, r"x: expected at least one sample \[N, 2\], got shape"),
        ({"batch": Batch(y, y)}, r"x: expected shape \(4, 2\), got \(4, 1\)"),
        ({"batch": Batch(x, x)}, r"y: expected shape \(4, 1\), got \(4, 2\)"),
        ({"batch": Batch(x, y[1:])}, r"y: expected shape \(4, 1\), got \(3, 1\)"),
        ({"batch": Batch(x.astype(np.float64), y)}, "x: expected float32, .* w1, got float64"),
        ({"batch": Batch(x, y.astype(int))}, "y: expected float32, .* w1, got int64"),
        ({"params": ()}, "expected at least one layer"),
        ({"start": 1}, "start: expected a multiple of block = 2048 below N = 4, got 1"),
        ({"start": 1024}, "start: expected a multiple of block = 2048 below N = 4, got 1024"),
        ({"start": -1024}, "start: expected a multiple of block = 2048 below N = 4, got -1024"),
        ({"plan": sweep.Plan(0, 8, 12)}, "chunk: expected a multiple of block = 8, got 12"),
        ({"plan": sweep.Plan(2, 8, 8)}, "sample_axis: expected 0 or -1"),
    ],
)
def test_what_cannot_be_swept(sweeping, changes, message):
    """A stream says so at once too, and not when it is first asked for a chunk."""
    params, _ = make(1)
    given = {"params": params, "batch": Batch(x, y), **changes}
    with pytest.raises(ValueError, match=message):
        sweeping(
            backprop.per_sample_gradients,
            given.pop("params"),
            given.pop("batch"),
            activation=TANH,
            **given,
        )


def test_float64_needs_x64():
    params, batch = make(4, dtype=np.float64)
    with pytest.raises(ValueError, match=r"w1: float64 needs `with jax.enable_x64"):
        sweep.compute(backprop.per_sample_gradients, params, batch, activation=TANH)


@pytest.mark.parametrize("sizes", [SIZES, (2, 10, 1), (2, 10, 9, 1)])
def test_memory_of_other_shapes_is_refused(sizes):
    f = backprop.per_sample_gradients
    plan = sweep.plan_for(SIZES, **SMALL) if sizes == SIZES else None
    other = sweep.compute(f, *make(30, sizes=sizes), activation=TANH, plan=plan)
    with pytest.raises(ValueError, match="previous: expected chunks of this network, plan, dtype"):
        sweep.compute(f, *make(30), activation=TANH, previous=other)


def test_memory_that_is_gone_is_refused():
    f = backprop.per_sample_gradients
    once = sweep.compute(f, *make(30), activation=TANH)
    sweep.compute(f, *make(30), activation=TANH, previous=once)
    with pytest.raises(ValueError, match="previous: expected chunks that nobody has used"):
        sweep.compute(f, *make(30), activation=TANH, previous=once)


def test_more_memory_than_chunks_is_left_alone():
    f = backprop.per_sample_gradients
    plan = sweep.plan_for(SIZES, **SMALL)
    three = sweep.compute(f, *make(60), activation=TANH, plan=plan)
    (one,) = sweep.compute(f, *make(20), activation=TANH, plan=plan, previous=three)
    gone = [chunk.evaluation.loss.is_deleted() for chunk in three]
    assert gone == [True, False, False]
    assert one.size == 20


DEVICES = """
import jax, pytest
from jaxmlp import ACTIVATIONS, backprop, sweep
from tests.jaxmlp.test_sweep import make
f, tanh = backprop.per_sample_gradients, ACTIVATIONS["tanh"]
both, params, batch = jax.local_devices(), *make(100)
def compute(devices, **more):
    plan = sweep.plan_for((2, 10, 10, 1), block=8, chunk=24)
    return sweep.compute(f, params, batch, activation=tanh, plan=plan, devices=devices, **more)
chunks = compute(both)
leaf = chunks[0].evaluation.grads[1].w
assert leaf.sharding.device_set == set(both)
assert leaf.sharding.spec == jax.sharding.PartitionSpec(None, None, "samples"), leaf.sharding
assert leaf.shape == (10, 10, 48) and [c.size for c in chunks] == [48, 48, 4]
places = [shard.data.unsafe_buffer_pointer() for shard in leaf.addressable_shards]
again = compute(both, previous=chunks)
assert leaf.is_deleted()
leaf = again[0].evaluation.grads[1].w
assert [shard.data.unsafe_buffer_pointer() for shard in leaf.addressable_shards] == places
for other in (both[:1], both[1:]):
    with pytest.raises(ValueError, match="dtype and devices"):
        compute(other, previous=again)
sizes = [chunk.size for chunk in sweep.stream(f, params, batch, activation=tanh,
         plan=sweep.plan_for((2, 10, 10, 1), block=8, chunk=24), devices=both)]
assert sizes == [48, 48, 4]
alone = compute(both[1:])
assert alone[0].evaluation.loss.sharding.device_set == {both[1]}
"""


def test_chunks_lie_on_the_devices_that_were_asked_for():
    run_on(2, DEVICES)


def test_unknown_axis_of_a_chunk_function():
    with pytest.raises(ValueError, match="sample_axis: expected 0 or -1"):
        sweep.chunk_function(backprop.per_sample_gradients, activation=TANH, sample_axis=1)
