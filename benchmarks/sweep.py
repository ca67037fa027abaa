"""P1 and P2: per-sample gradients, against those of other libraries and the speed of memory."""

import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jax
import numpy as np
import torch

from benchmarks import ours, peers
from benchmarks.networks import NETWORKS, Network, make
from benchmarks.results import Goal, Part, Table
from benchmarks.timing import Seconds, interleaved, medians, paired
from compare.implementations.jax import jax_devices
from compare.implementations.torch import torch_device
from jaxmlp import ACTIVATIONS, Batch, Params, autodiff
from jaxmlp.base import Grads
from torch_ref import convert

SIZES = (
    *(("A", n) for n in (1, 100, 1_000, 10_000, 100_000, 1_000_000)),
    ("B", 10_000),
    ("C", 1_000),
)
LARGE = (("A", 1_000_000), ("B", 10_000), ("C", 1_000))
ON_GPU = (("A", 1_000_000), ("A", 10_000_000), ("B", 50_000), ("C", 4_000))
QUICK = (("A", 100), ("A", 1_000))
_CHECKED = 32  # samples
_SAME = 1e-4  # of the largest entry of a parameter: float32 rounds to 1e-5 at worst here

_OURS = (ours.MANUAL_SWEEP, ours.MANUAL, ours.FROM_NUMPY, ours.GRAD)

Build = Callable[[Network, Params, Batch], Callable[[], Any]]


def run(*, quick: bool) -> Part:
    """Measures all sizes on the CPU."""
    found: dict[tuple[str, int], Seconds] = {}
    tables = []
    for name, n in QUICK if quick else SIZES:
        table = measure(NETWORKS[name], n, title=f"Gradients of {n:,} samples of {name}")
        tables.append(table)
        found[name, n] = table.seconds
    times = {size: medians(seconds) for size, seconds in found.items()}
    shares = (_p2(size, found.get(size)) for size in LARGE)
    return Part(tuple(tables), (_p1(times), *shares, _call(found, quick)))


def run_on_gpu(*, quick: bool) -> Part:
    """Measures the large sizes on the first GPU of either library."""
    tables, goals = [], []
    for name, n in QUICK if quick else ON_GPU:
        title = f"Gradients of {n:,} samples of {name} on the GPU"
        table = measure(NETWORKS[name], n, title=title, device="gpu")
        tables.append(table)
        goals.append(_share(f"{name}, N={n:,}", medians(table.seconds), quick))
    return Part(tuple(tables), tuple(goals))


def measure(network: Network, n: int, *, title: str, device: str = "cpu") -> Table:
    """Checks the gradients of all ways, leaves out those that are not ours, times the rest."""
    params, batch = make(network, n)
    truth = _truth(network, params, batch)
    ways: dict[str, Build] = {
        ours.MANUAL_SWEEP: ours.manual_sweep,
        ours.MANUAL: ours.manual_call,
        ours.GRAD: ours.jitted_grad,
        "torch, one backward of views": peers.expanded,
        **peers.RIVALS,
    }
    if n == 100:
        ways[peers.LOOP] = peers.loop
    floor, build_floor = (ours.FLOOR, ours.floor)
    if device == "cpu":
        ways[ours.FROM_NUMPY] = ours.call_from_numpy
    else:
        floor, build_floor = (ours.COPIED, ours.copied)
    with _placed(device):
        tasks, notes = {}, []
        for name, build in ways.items():
            try:
                task = _finished(build(network, params, batch), name, device)
                error = _difference(_first(task, network, name), truth)
            except Exception as failure:  # a peer may raise anything, or not be installed
                notes.append(f"{name}: left out, {type(failure).__name__}: {failure}")
                continue
            if error > _SAME:
                notes.append(f"{name}: left out, its gradients differ by {error:.2g} from ours")
                continue
            tasks[name] = task
            gc.collect()
        tasks[floor] = build_floor(network, params, batch)
        repeats = 7 if n * len(params) < 1e5 else 5
        seconds = interleaved(tasks, repeats)
    sizes = "-".join(map(str, network.sizes)) if len(network.sizes) < 6 else "ten layers of 50"
    title = f"{title} ({sizes} {network.activation}), float32, median of {repeats}"
    return Table(title, seconds, floor, tuple(notes))


@contextlib.contextmanager
def _placed(device: str) -> Iterator[None]:
    """Lets both libraries make their arrays there, and multiply in all of float32."""
    if device == "cpu":
        yield
        return
    with (
        jax.default_device(jax_devices(device)[0]),
        jax.default_matmul_precision("highest"),
        torch_device(device),
    ):
        yield


def _finished(task: Callable[[], Any], name: str, device: str) -> Callable[[], Any]:
    """A task of torch returns before a GPU has finished."""
    if device == "cpu" or name in _OURS:
        return task

    def run() -> Any:
        found = task()
        torch.cuda.synchronize()
        return found

    return run


def _truth(network: Network, params: Params, batch: Batch) -> Grads:
    """Gradients of the first samples in float64."""
    few = Batch(*(array[:_CHECKED].astype(np.float64) for array in batch))
    wide = jax.tree.map(lambda leaf: leaf.astype(np.float64), params)
    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        found = autodiff.per_sample_gradients(wide, few, activation=ACTIVATIONS[network.activation])
        return jax.tree.map(np.asarray, found.grads)


def _first(task: Callable[[], Any], network: Network, name: str) -> Grads:
    if name in _OURS:
        return ours.first_gradients(task, network, _CHECKED)
    return convert.from_tensors([tensor[:_CHECKED] for tensor in task()])


def _difference(grads: Grads, truth: Grads) -> float:
    """Largest difference of an entry, as a share of the largest entry of its parameter."""
    pairs = zip(jax.tree.leaves(grads), jax.tree.leaves(truth), strict=True)
    worst = 0.0
    for found, expected in pairs:
        if found.shape[1:] != expected.shape[1:]:
            raise ValueError(f"expected shape {expected.shape}, got {found.shape}")
        worst = max(worst, float(np.abs(found - expected).max() / np.abs(expected).max()))
    return worst


def _best(times: Mapping[str, float], names: Iterable[str]) -> float | None:
    return min((times[name] for name in names if name in times), default=None)


def _p1(times: Mapping[tuple[str, int], Mapping[str, float]]) -> Goal:
    """Never slower than vmap(grad): a caller takes one call or a sweep, as fits the size."""
    goal = "manual, A, N=100: 150x the torch loop; nowhere slower than vmap(grad)"
    mine = {size: _best(t, (ours.MANUAL, ours.MANUAL_SWEEP)) for size, t in times.items()}
    loop, hundred = times["A", 100].get(peers.LOOP), mine["A", 100]
    grads = [(t[ours.GRAD], mine[size]) for size, t in times.items() if ours.GRAD in t]
    if loop is None or hundred is None or not grads or None in mine.values():
        return Goal("P1", goal, "there was nothing to compare", None)
    gain, slowest = loop / hundred, min(grad / (best or grad) for grad, best in grads)
    measured = f"{gain:.0f}x the loop; at its least {slowest:.2g}x as fast as vmap(grad)"
    return Goal("P1", goal, measured, gain >= 150 and slowest >= 1)


def _p2(size: tuple[str, int], seconds: Seconds | None) -> Goal:
    """The share of the floor counts: the ratio to peers says more of the machine."""
    name, n = size
    goal = f"sweep of {name}, N={n:,}: at least 0.9 of the speed of writing the output"
    if seconds is None or ours.MANUAL_SWEEP not in seconds:
        return Goal("P2", goal, "there was nothing to measure", None)
    share = paired(seconds, ours.FLOOR, ours.MANUAL_SWEEP)
    times = medians(seconds)
    others = [f"{share}"]
    if rivals := [rival for rival in peers.RIVALS if rival in times]:
        best = min(rivals, key=times.__getitem__)
        others.append(f"{paired(seconds, best, ours.MANUAL_SWEEP)} the best peer, {best}")
    if ours.GRAD in times:
        others.append(f"{paired(seconds, ours.GRAD, ours.MANUAL_SWEEP)} vmap(grad)")
    return Goal("P2", goal, "; ".join(others), share.median >= 0.9)


def _call(found: Mapping[tuple[str, int], Seconds], quick: bool) -> Goal:
    """A sweep beside one call, where both are given the same arrays on the host."""
    goal = "a sweep takes at most 1.1x one jitted call from NumPy arrays, at every size"
    ratios = {
        f"{name}, N={n:,}": paired(seconds, ours.MANUAL_SWEEP, ours.FROM_NUMPY)
        for (name, n), seconds in found.items()
        if {ours.MANUAL_SWEEP, ours.FROM_NUMPY} <= set(seconds)
    }
    measured = "; ".join(f"{size}: {ratio}" for size, ratio in ratios.items())
    slowest = max((ratio.median for ratio in ratios.values()), default=None)
    reached = None if quick or slowest is None else slowest <= 1.1
    return Goal("call", goal, measured or "there was nothing to measure", reached)


def _share(size: str, times: Mapping[str, float], quick: bool) -> Goal:
    """Bytes that are written, over those that a copy reads and writes in the same time."""
    goal = f"by hand on a GPU, {size}: at least 50 % of what a copy moves"
    best = _best(times, (ours.MANUAL, ours.MANUAL_SWEEP))
    if best is None:
        return Goal("GPU", goal, "there was nothing to measure", None)
    share = times[ours.COPIED] / best
    rival = _best(times, peers.RIVALS)
    measured = f"{share:.0%}" + (f"; {rival / best:.2g}x the best peer" if rival else "")
    return Goal("GPU", goal, measured, None if quick else share >= 0.5)
