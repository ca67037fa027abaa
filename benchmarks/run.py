"""`python -m benchmarks.run`: the figures that README quotes, side by side, as ratios.

Machines differ and are noisy, so what is compared is interleaved and only ratios are reported.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping

import jax
import numpy as np
import torch

from compare.environment import describe_environment
from compare.evidence.proof import certify
from jaxmlp import ACTIVATIONS, Batch, Layer, autodiff, backprop, init_params
from torch_ref import MLP, convert, loop_gradients, per_sample_gradients

SIZES = (2, 10, 10, 1)
SAMPLES = 100
CERTIFIED = 65_536
SWEEP_REPEATS = 7
STARTUP_PAIRS = 10


def main() -> None:
    """Prints all tables."""
    versions = describe_environment()["versions"]
    print(f"{platform.machine()}, {os.cpu_count()} cores,", end=" ")
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    _print_table(
        f"Gradients of {SAMPLES} samples of {'-'.join(map(str, SIZES))} sigmoid, float32, "
        f"median of {SWEEP_REPEATS}",
        interleaved(sweeps(), SWEEP_REPEATS),
        reference="torch, a loop of backward()",
    )
    _print_table(
        f"Certificates of {CERTIFIED:,} samples, median of {SWEEP_REPEATS}",
        interleaved(certificates(), SWEEP_REPEATS),
        reference="torch.func vmap(grad), the gradients",
    )
    _print_table(
        f"Starting up, median of {STARTUP_PAIRS} alternating runs, compilation cache filled",
        interleaved(startups(), STARTUP_PAIRS),
        reference="import jax, torch",
    )


def interleaved(tasks: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Times every task in turn; a short task is repeated for 20 ms and its mean is taken.

    Returns:
      Seconds, `repeats` for each task.
    """
    calls = {name: _calls_in(0.02, task) for name, task in tasks.items()}
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            task()  # so that it does not start in the caches its predecessor left
            start = time.perf_counter()
            for _ in range(calls[name]):
                task()
            seconds[name].append((time.perf_counter() - start) / calls[name])
    return seconds


def _calls_in(seconds: float, task: Callable[[], object]) -> int:
    task()
    start = time.perf_counter()
    task()
    return max(1, int(seconds / (time.perf_counter() - start)))


def sweeps() -> dict[str, Callable[[], object]]:
    """The ways to per-sample gradients, on the same weights and samples."""
    rng = np.random.default_rng(0)
    params = init_params(rng, SIZES)
    x = rng.random((SAMPLES, SIZES[0])).astype(np.float32)
    y = np.square(x).mean(axis=1, keepdims=True)
    held, batch = jax.device_put((params, Batch(x, y)))
    sigmoid = ACTIVATIONS["sigmoid"]
    manual = jax.jit(lambda p, b: backprop.per_sample_gradients(p, b, activation=sigmoid))
    grad = jax.jit(lambda p, b: autodiff.per_sample_gradients(p, b, activation=sigmoid))
    model = MLP(SIZES)
    convert.load_params(model, params)
    x_torch, y_torch = torch.tensor(x), torch.tensor(y)
    return {
        "jax_manual, jitted": lambda: jax.block_until_ready(manual(held, batch)),
        "jax_grad, jitted": lambda: jax.block_until_ready(grad(held, batch)),
        "torch_autograd, one backward": lambda: per_sample_gradients(model, x_torch, y_torch),
        "torch, a loop of backward()": lambda: loop_gradients(model, x_torch, y_torch),
    }


def certificates() -> dict[str, Callable[[], object]]:
    """Proving gradients, and what torch.func needs to compute them."""
    rng = np.random.default_rng(0)
    params = init_params(rng, SIZES)
    x = rng.random((CERTIFIED, SIZES[0])).astype(np.float32)
    y = np.square(x).mean(axis=1, keepdims=True)
    sigmoid = ACTIVATIONS["sigmoid"]
    compute = jax.jit(lambda p, b: backprop.per_sample_gradients(p, b, activation=sigmoid))
    grads = jax.tree.map(np.asarray, compute(params, Batch(x, y)).grads)
    few = tuple(Layer(w[:SAMPLES], b[:SAMPLES]) for w, b in grads)
    model = MLP(SIZES)
    convert.load_params(model, params)
    weights = {name: p.detach() for name, p in model.named_parameters()}
    x_torch, y_torch = torch.tensor(x), torch.tensor(y)

    def loss(weights: dict, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (torch.func.functional_call(model, weights, (x,)) - y).square().sum()

    by_func = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))

    def certify_all() -> None:
        for start in range(0, CERTIFIED, 1024):
            rows = slice(start, start + 1024)
            block = tuple(Layer(w[rows], b[rows]) for w, b in grads)
            certify(
                "",
                params,
                x[rows],
                y[rows],
                block,
                activation="sigmoid",
                compiled=True,
                worst_so_far=0.0 if start == 0 else 1.0,  # looked up once, as in a run
            )

    def certify_few() -> None:
        certify("", params, x[:SAMPLES], y[:SAMPLES], few, activation="sigmoid")

    return {
        "torch.func vmap(grad), the gradients": lambda: by_func(weights, x_torch, y_torch),
        "certificate, one implementation": certify_all,
        f"certificate of {SAMPLES} samples": certify_few,
    }


def startups() -> dict[str, Callable[[], object]]:
    """A whole comparison, and the imports that it cannot do without."""
    out = tempfile.mkdtemp()

    def python(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    return {
        "import jax, torch": lambda: python("-c", "import jax, torch"),
        "python -m compare.run": lambda: python("-m", "compare.run", f"--out={out}"),
    }


def _print_table(title: str, seconds: Mapping[str, list[float]], *, reference: str) -> None:
    """Prints medians and, for each, how many times the reference's it takes, and the inverse."""
    base = statistics.median(seconds[reference])
    print(f"\n{title}\n{'':<38}{'median, ms':>11}{'least .. most':>18}{'x':>9}{'1/x':>8}")
    for name, times in seconds.items():
        median = statistics.median(times)
        spread = f"{_milliseconds(min(times))} .. {_milliseconds(max(times))}"
        ratios = f"{median / base:>9.3g}{base / median:>8.3g}"
        print(f"{name:<38}{_milliseconds(median):>11}{spread:>18}{ratios}")
    print(f"x: time as a multiple of {reference!r}")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3f}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"


if __name__ == "__main__":
    main()
