"""compare_gradients: problem -> implementations -> evidence -> verdict, a block at a time."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from compare import verdict
from compare.config import Config
from compare.environment import describe_environment
from compare.errors import UsageError
from compare.evidence import pairs as evidence
from compare.evidence.pairs import Pair, Quantities
from compare.implementations import IMPLEMENTATIONS, Implementation
from compare.problem import Problem, as_numpy, problem_from_arrays
from compare.report import base as report
from jaxmlp.base import Batch, Evaluation, parameter_count

Sink = Callable[[int, Mapping[str, Quantities]], None]

_LARGEST_BLOCK = 1024  # samples
_LARGEST_BLOCK_VALUES = 2**22  # gradient entries of one implementation: 16 MiB in float32


def compare_gradients(
    params: Sequence[tuple[Any, Any]],
    x: Any,
    y: Any = None,
    *,
    activation: str = "sigmoid",
    implementations: Sequence[str] = Config.implementations,
    dtype: np.typing.DTypeLike | None = None,
    device: str = "cpu",
    layout: str = "in_out",
    trace: int | None = None,
    on_block: Sink | None = None,
) -> report.Report:
    """Compares the gradients of your weights on your samples.

    Args:
      params: (w, b) for every layer, as NumPy, JAX or torch arrays or lists; w is [n_in, n_out],
        or [n_out, n_in] with layout='out_in'.
      x: samples [N, d].
      y: labels [N, k]; None for the mean of x_i^2.
      activation: sigmoid, tanh, relu, softplus, silu, gelu (tanh form) or identity; the output is
        linear and the loss is the sum of (yhat - y)^2.
      implementations: two or more of jax_grad, jax_manual, torch_autograd, numpy_manual.
      dtype: float32 or float64 to compute in; None for that of the first w.
      device: 'cpu' or 'gpu'.
      layout: of params, and of every shape and index in the report.
      trace: the number of a sample whose every step is to be kept in the report.
      on_block: called with (first sample, implementation -> Quantities) for each block, in order.

    Returns:
      The report.

    Raises:
      UsageError: if shapes do not fit, or an option is unknown or cannot be had.
    """
    if not params:
        raise UsageError("params: expected at least one layer (w, b), got none")
    config = Config(
        layer_sizes=None,
        activation=activation,
        init=None,
        samples=None,
        seed=None,
        dtype=np.dtype(dtype or as_numpy(params[0][0]).dtype).name,
        device=device,
        layout=layout,
        implementations=tuple(implementations),
        trace=trace,
    )
    problem = problem_from_arrays(
        params, x, y, activation=activation, layout=layout, dtype=np.dtype(config.dtype)
    )
    return compare_problem(problem, config, on_block=on_block)


def compare_problem(
    problem: Problem, config: Config, *, on_block: Sink | None = None
) -> report.Report:
    """Compares the gradients of a problem; the arguments are as in `compare_gradients`.

    Raises:
      UsageError: if a device cannot be had or there is no sample to trace.
    """
    config = problem.describe(config)
    taking_part = [
        IMPLEMENTATIONS[name](problem.params, problem.activation, config.device)
        for name in config.implementations
    ]
    found: list[Pair] = []
    trace = None
    size = block_size(problem.layer_sizes)
    for start in range(0, problem.n_samples, size):
        stop = min(start + size, problem.n_samples)
        batch = _padded(problem.batch(start, stop), size)
        block = {
            one.name: _quantities(one.evaluate(batch), stop - start, config.layout)
            for one in taking_part
        }
        found = _merged(found, _compare_block(block, start))
        if config.trace is not None and start <= config.trace < stop:
            trace = _trace(taking_part, batch, block, config.trace, start)
        if on_block is not None:
            on_block(start, block)
    answer = verdict.decide(found, problem.layer_sizes)
    return report.Report(
        verdict=answer.verdict,
        reason=answer.reason,
        rule=verdict.RULE,
        config=dataclasses.asdict(config),
        environment=describe_environment(),
        implementations=tuple(
            report.Implementation(one.name, block[one.name].loss.dtype.name, one.device)
            for one in taking_part
        ),
        pairs=tuple(found),
        trace=trace,
    )


def block_size(layer_sizes: Sequence[int]) -> int:
    """Returns how many samples are computed at once.

    It depends on the network alone and every block is padded to it, because XLA picks its kernels
    by shape: so the bits of a sample's gradient do not depend on how many samples there are.
    """
    fitting = max(1, _LARGEST_BLOCK_VALUES // parameter_count(layer_sizes))
    return min(_LARGEST_BLOCK, 2 ** (fitting.bit_length() - 1))


def _padded(batch: Batch, size: int) -> Batch:
    missing = size - len(batch.x)
    return Batch(*(np.pad(array, ((0, missing), (0, 0)), mode="edge") for array in batch))


def _quantities(evaluation: Evaluation, n: int, layout: str) -> Quantities:
    """Names the arrays of the first n samples, weight matrices in the layout to be reported."""
    parameters = {}
    for i, (w, b) in enumerate(evaluation.grads, start=1):
        parameters[f"w{i}"] = (w if layout == "in_out" else np.swapaxes(w, 1, 2))[:n]
        parameters[f"b{i}"] = b[:n]
    return Quantities(parameters, evaluation.prediction[:n], evaluation.loss[:n])


def _compare_block(block: Mapping[str, Quantities], start: int) -> list[Pair]:
    return [
        evidence.compare_pair(a, b, block[a], block[b], first_sample=start)
        for a, b in itertools.combinations(block, 2)
    ]


def _merged(earlier: list[Pair], later: list[Pair]) -> list[Pair]:
    return [evidence.merge(p, q) for p, q in zip(earlier, later, strict=True)] if earlier else later


def _trace(
    taking_part: Sequence[Implementation],
    batch: Batch,
    block: Mapping[str, Quantities],
    sample: int,
    start: int,
) -> report.Trace:
    """Collects every step of one sample, from the very block that its gradient came from.

    At batch size 1 the gradient of a bias is delta, so delta is read off there.
    """
    row = sample - start
    steps: dict[str, dict[str, np.ndarray]] = {"x": {}, "y": {}}
    for one in taking_part:
        steps["x"][one.name], steps["y"][one.name] = batch.x[row], batch.y[row]
        preacts, acts = one.intermediates(batch)
        last = len(preacts)
        mine = {}
        for layer in range(1, last):
            mine[f"z{layer}"], mine[f"h{layer}"] = preacts[layer - 1][row], acts[layer][row]
        mine["yhat"], mine["loss"] = preacts[-1][row], block[one.name].loss[row]
        for layer in range(last, 0, -1):
            gradients = block[one.name].parameters
            mine[f"delta{layer}"] = gradients[f"b{layer}"][row]
            mine[f"dL/dw{layer}"] = gradients[f"w{layer}"][row]
            mine[f"dL/db{layer}"] = gradients[f"b{layer}"][row]
        for quantity, array in mine.items():
            steps.setdefault(quantity, {})[one.name] = array
    return report.Trace(sample, steps)
