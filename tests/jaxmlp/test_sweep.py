"""Sweeps: every gradient that the plain function gives, and no other."""

import subprocess
import sys

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxmlp import Batch, Evaluation, Layer, autodiff, backprop, sweep
from tests.jaxmlp.test_gradients import worst_scaled_error
from tests.support.networks import NETWORKS, make_network
from tests.support.paths import ROOT
from tests.support.sweeps import (
    MODULES,
    SIZES,
    SMALL,
    TANH,
    both,
    by_numpy,
    gathered,
    layouts,
    make,
    same_bits,
)


def assert_a_sweep_is_right(network, module, *, sample_axis, chunk):
    params, batch = make_network(network, samples=53)
    plan = {"sample_axis": sample_axis, "block": 8, "chunk": chunk}
    with jax.enable_x64(True):
        found = gathered(module, params, batch, sizes=NETWORKS[network][0], **plan)
    plain = by_numpy(params, batch)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(found)} == {"float64"}
    assert [leaf.shape for leaf in jax.tree.leaves(found)] == [
        leaf.shape for leaf in jax.tree.leaves(plain)
    ]
    assert worst_scaled_error(plain, found) < 1e-12


@both
@layouts
def test_a_sweep_of_chunks_of_one_block_is_right(module, sample_axis):
    assert_a_sweep_is_right("the_usual_one", module, sample_axis=sample_axis, chunk=8)


@pytest.mark.usefixtures("side_by_side")
@both
@layouts
@pytest.mark.parametrize("network", NETWORKS)
def test_a_sweep_is_right_whatever_the_network(network, module, sample_axis):
    assert_a_sweep_is_right(network, module, sample_axis=sample_axis, chunk=16)


@settings(max_examples=10, deadline=None)
@given(
    n=st.integers(1, 70),
    block=st.sampled_from([1, 4, 7]),  # few, so that what is compiled is used again
    blocks=st.sampled_from([1, 2, 4]),
    sample_axis=st.sampled_from([0, -1]),
    sizes=st.sampled_from([(1, 1), (4, 2, 3), (2, 5, 1, 4)]),
    module=st.sampled_from(list(MODULES.values())),
)
def test_any_sizes(n, block, blocks, sample_axis, sizes, module):
    params, batch = make(n, sizes=sizes, dtype=np.float64)
    with jax.enable_x64(True):
        plan = {"sample_axis": sample_axis, "block": block, "chunk": block * blocks}
        found = gathered(module, params, batch, sizes=sizes, **plan)
    assert worst_scaled_error(by_numpy(params, batch), found) < 1e-12


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
@pytest.mark.parametrize(
    ("n", "room", "computed"),
    [(3, 16, 8), (8, 16, 8), (33, 40, 40), (65, 80, 72), (129, 160, 136), (160, 160, 160)],
)
def test_a_chunk_has_room_for_what_there_is(sample_axis, n, room, computed):
    """Rooms have few sizes, and a block that no sample needs is not computed."""
    params, batch = make(n)
    plan = sweep.plan_for(SIZES, sample_axis=sample_axis, block=8, chunk=160)
    (chunk,) = sweep.compute(
        backprop.per_sample_gradients, params, batch, activation=TANH, plan=plan
    )
    loss = np.asarray(chunk.evaluation.loss)
    assert (chunk.start, chunk.size, chunk.sample_axis) == (0, n, sample_axis)
    assert loss.shape == (room,)
    assert loss[:computed].all()
    assert not loss[computed:].any()


@both
@layouts
@pytest.mark.parametrize("n", [1, 5])
def test_chunk_function(module, sample_axis, n):
    params, batch = make(n)
    f = sweep.chunk_function(module.per_sample_gradients, activation=TANH, sample_axis=sample_axis)
    found = f(params, batch)
    plain = by_numpy(params, batch)
    to_front = jax.tree.map(lambda leaf: np.moveaxis(np.asarray(leaf), sample_axis, 0), found)
    assert found.grads[1].w.shape == ((n, 10, 10) if sample_axis == 0 else (10, 10, n))
    assert worst_scaled_error(plain, to_front) < 1e-5
    kept = jax.tree.map(np.array, found)
    found = f(params, batch)
    again = f(params, batch, previous=found)
    assert found.loss.is_deleted()
    assert same_bits(kept, jax.tree.map(np.asarray, again))


def test_unknown_axis_of_a_chunk_function():
    with pytest.raises(ValueError, match="sample_axis: expected 0 or -1"):
        sweep.chunk_function(backprop.per_sample_gradients, activation=TANH, sample_axis=1)


@pytest.mark.usefixtures("side_by_side")
def test_many_chunks_are_computed_step_by_step_where_jit_is_off():
    params, batch = make(40)
    traced = []

    def watching(params, batch, **options):
        traced.append(isinstance(batch.x, jax.core.Tracer))
        return backprop.per_sample_gradients(params, batch, **options)

    plan = sweep.plan_for(SIZES, **SMALL)
    with jax.disable_jit():
        sweep.compute(watching, params, batch, activation=TANH, plan=plan)
    assert not all(traced)


def test_a_function_that_knows_no_other_layout_is_swept_with_samples_first():
    def plain(params, batch, *, activation):
        return autodiff.per_sample_gradients(params, batch, activation=activation)

    params, batch = make(20)
    plan = sweep.plan_for(SIZES, sample_axis=0, **SMALL)
    found = sweep.gather(sweep.compute(plain, params, batch, activation=TANH, plan=plan))
    assert same_bits(found, gathered(autodiff, params, batch, sample_axis=0, **SMALL))


@pytest.mark.usefixtures("side_by_side")
def test_many_chunks_are_watched_for_nan():
    params, batch = make(100)
    batch.x[70] = np.nan
    with jax.debug_nans(True), pytest.raises(FloatingPointError, match="nan"):
        gathered(backprop, params, batch, **SMALL)


ENDING = """
import atexit, threading, time
from jaxmlp import backprop
from tests.support.sweeps import SMALL, gathered, make
def sweep(n):
    print(gathered(backprop, *make(n), **SMALL).loss.shape)
atexit.register(sweep, 200)
def later():
    threading.main_thread().join()
    sweep(201)
threading.Thread(target=later).start()
"""


def test_many_chunks_are_computed_as_the_interpreter_ends():
    done = subprocess.run(
        [sys.executable, "-c", ENDING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (sorted(done.stdout.split()), done.stderr) == (["(200,)", "(201,)"], "")


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
