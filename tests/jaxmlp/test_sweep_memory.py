"""Where the gradients of a sweep lie: memory used again, and devices."""

import jax
import numpy as np
import pytest

from jaxmlp import Batch, backprop, sweep
from tests.support.processes import run_on
from tests.support.sweeps import SIZES, SMALL, TANH, both, gathered, make, same_bits


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


def test_more_memory_than_chunks_is_left_alone():
    f = backprop.per_sample_gradients
    plan = sweep.plan_for(SIZES, **SMALL)
    three = sweep.compute(f, *make(60), activation=TANH, plan=plan)
    (one,) = sweep.compute(f, *make(20), activation=TANH, plan=plan, previous=three)
    gone = [chunk.evaluation.loss.is_deleted() for chunk in three]
    assert gone == [True, False, False]
    assert one.size == 20


@pytest.mark.usefixtures("side_by_side")
@both
def test_less_memory_than_chunks_is_used_too(module):
    f = module.per_sample_gradients
    plan = sweep.plan_for(SIZES, **SMALL)
    two = sweep.compute(f, *make(40), activation=TANH, plan=plan)
    five = sweep.compute(f, *make(100), activation=TANH, plan=plan, previous=two)
    assert all(chunk.evaluation.loss.is_deleted() for chunk in two)
    assert same_bits(sweep.gather(five), gathered(module, *make(100), **SMALL))


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


DEVICES = """
import jax, pytest
from jaxmlp import ACTIVATIONS, backprop, sweep
from tests.support.sweeps import make
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
    with pytest.raises(ValueError, match="dtype, devices and number"):
        compute(other, previous=again)
sizes = [chunk.size for chunk in sweep.stream(f, params, batch, activation=tanh,
         plan=sweep.plan_for((2, 10, 10, 1), block=8, chunk=24), devices=both)]
assert sizes == [48, 48, 4]
alone = compute(both[1:])
assert alone[0].evaluation.loss.sharding.device_set == {both[1]}
"""


def test_chunks_lie_on_the_devices_that_were_asked_for():
    run_on(2, DEVICES)
