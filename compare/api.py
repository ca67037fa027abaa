"""compare_gradients: problem -> implementations -> evidence -> verdict, a block at a time."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from compare import verdict
from compare.blocks import block_size, blocks
from compare.config import Config
from compare.environment import describe_environment
from compare.errors import UsageError
from compare.gathering import Evidence
from compare.implementations import IMPLEMENTATIONS
from compare.problem import Problem, as_numpy, problem_from_arrays
from compare.report import base as report
from compare.tracing import trace_sample
from jaxmlp.base import Evaluation

Sink = Callable[[int, Mapping[str, Evaluation]], None]


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
    witness: int = Config.witness,
    seed: int = 0,
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
      witness: how many samples are held against complex-step derivatives.
      seed: chooses them, and the samples with end-to-end bounds if there are over 10,000.
      on_block: called with (first sample, implementation -> Evaluation) for each block, in order.

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
        witness=witness,
        dtype=_dtype_name(dtype, params),
        device=device,
        layout=layout,
        implementations=tuple(implementations),
        trace=trace,
    )
    problem = problem_from_arrays(
        params, x, y, activation=activation, layout=layout, dtype=np.dtype(config.dtype)
    )
    return compare_problem(problem, config, seed=seed, on_block=on_block)


def _dtype_name(dtype: Any, params: Sequence[tuple[Any, Any]]) -> str:
    try:
        return np.dtype(as_numpy(params[0][0]).dtype if dtype is None else dtype).name
    except TypeError:  # no such dtype, or one NumPy cannot take from torch
        return str(dtype or getattr(params[0][0], "dtype", None))


def compare_problem(
    problem: Problem, config: Config, *, seed: int = 0, on_block: Sink | None = None
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
    evidence = Evidence(
        problem,
        taking_part,
        layout=config.layout,
        seed=seed if config.seed is None else config.seed,
        witness=config.witness,
    )
    trace = None
    n_blocks = -(-problem.n_samples // block_size(problem.layer_sizes))
    for block in blocks(problem, taking_part):
        evidence.add(block, n_blocks=n_blocks)
        if config.trace is not None and len(block.rows([config.trace])):
            trace = trace_sample(taking_part, block, config.trace, layout=config.layout)
        if on_block is not None:
            on_block(block.start, block.evaluations)
    evidence.finish()
    certificates = [evidence.certificates[one.name] for one in taking_part]
    answer = verdict.decide(evidence.pairs, certificates, evidence.explanations)
    return report.Report(
        verdict=answer.verdict,
        reason=answer.reason,
        warnings=answer.warnings,
        rule=verdict.RULE,
        config=dataclasses.asdict(config),
        environment=describe_environment([one.device for one in taking_part]),
        implementations=tuple(
            report.Implementation(
                one.name,
                evidence.certificates[one.name].dtype,
                one.device,
                evidence.certificates[one.name],
                evidence.explanations.get(one.name),
                evidence.detectable.get(one.name),
            )
            for one in taking_part
        ),
        pairs=tuple(evidence.pairs),
        witness=tuple(evidence.witness),
        trace=trace,
    )
