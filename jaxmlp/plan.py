"""How a sweep takes its samples: in which layout, how many together, how many at a time."""

from collections.abc import Sequence
from typing import NamedTuple

from jaxmlp.base import parameter_count

_BLOCK_ENTRIES = 2**25  # gradient entries: 128 MiB in float32
_CHUNK_ENTRIES = 2**24  # 64 MiB
_GPU_ENTRIES = 2**28  # 1 GiB


class Plan(NamedTuple):
    """How samples are taken; `plan_for` chooses, and checks what it is given."""

    sample_axis: int  # of the results in memory: 0 or -1
    block: int  # samples computed together; the bits depend on it
    chunk: int  # C, samples that one device is given at a time: whole blocks


def plan_for(
    sizes: Sequence[int],
    *,
    on_gpu: bool = False,
    sample_axis: int | None = None,
    block: int | None = None,
    chunk: int | None = None,
) -> Plan:
    """Chooses what is not given of a plan.

    Args:
      sizes: (d, n_1, ..., k).
      on_gpu: whether the devices are GPUs.
      sample_axis: 0 or -1, where the results have their axis of samples.
      block: samples computed together.
      chunk: samples that a device is given at a time, a multiple of block.

    Raises:
      ValueError: for another axis, or for sizes that are not positive or not a multiple.
    """
    # With samples last, every loop over a narrow net runs along memory, whatever its width; in a
    # wide one the rows of a gradient are long enough, and lie together. Last takes 0.5 of the time
    # of first for 2-10-10-1, 0.8 with ten hidden layers of 50, 1.3 for 10-64-64-1 and 1.2 for
    # 784-512-512-10 (2 cores, float32, by hand, all gradients kept in memory used again).
    if sample_axis is None:
        sample_axis = -1 if max(sizes) <= 50 else 0
    # A call costs some 50 us, so a chunk has as many samples as its entries allow, and at most
    # 16,384. It is filled block by block. Few samples cost a whole block, and each block some 10 us
    # more than its samples: large blocks are dear for few samples, small ones for many. With
    # 2-10-10-1, 512 lies between. In a wide network a product of
    # fewer than 32 samples is slow. A GPU is busy only with many samples at once, and a call costs
    # 0.5 ms there: its chunk is one block.
    if block is None:
        at_most, entries = (2**18, _GPU_ENTRIES) if on_gpu else (512, _BLOCK_ENTRIES)
        block = fitting_samples(sizes, at_most=at_most, entries=entries)
    if chunk is None:
        at_most, entries = (2**18, _GPU_ENTRIES) if on_gpu else (16_384, _CHUNK_ENTRIES)
        samples = fitting_samples(sizes, at_most=at_most, entries=entries)
        chunk = max(1, samples // max(1, block)) * block
    return checked(Plan(sample_axis, block, chunk))


def fitting_samples(sizes: Sequence[int], *, at_most: int, entries: int) -> int:
    """Returns how many samples to compute together: a power of two, and at least 1.

    It depends on the network alone, never on how many samples there are: XLA picks its kernels by
    shape, and this way the bits of a sample stay the same.

    Args:
      sizes: (d, n_1, ..., k).
      at_most: a power of two, of samples.
      entries: the gradient entries that there is room for; a single sample may have more.
    """
    fitting = max(1, entries // parameter_count(sizes))
    return min(at_most, 2 ** (fitting.bit_length() - 1))


def chunk_size(n: int, plan: Plan) -> int:
    """Returns how many samples a chunk has room for, where a device has n: the plan's, or fewer.

    Few sizes are used, since each is a program that is compiled: four from a power of two of blocks
    to the next. One block has room for two: a program without a loop gives other bits in some
    networks, as with gelu_erf (jax 0.10.2).
    """
    blocks = max(2, -(-n // plan.block))
    step = 2 ** max(0, (blocks - 1).bit_length() - 3)
    return min(plan.chunk, plan.block * step * -(-blocks // step))


def check_axis(sample_axis: int) -> None:
    """Raises ValueError for an axis that is neither first nor last."""
    if sample_axis not in (0, -1):
        raise ValueError(f"sample_axis: expected 0 or -1, first or last, got {sample_axis!r}")


def checked(plan: Plan) -> Plan:
    """Returns the plan, or raises ValueError where `plan_for` would."""
    check_axis(plan.sample_axis)
    if plan.block < 1:
        raise ValueError(f"block: expected at least 1 sample, got {plan.block}")
    if plan.chunk < 1 or plan.chunk % plan.block:
        raise ValueError(f"chunk: expected a multiple of block = {plan.block}, got {plan.chunk}")
    return plan
