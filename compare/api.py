"""`compare_gradients`: a user's own arrays and functions, compared."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from compare.calls import exclusive
from compare.catalogue import DTYPES
from compare.errors import UsageError, shown
from compare.formats.dtypes import dtype_of, restore_bfloat16
from compare.implementations.base import Settings
from compare.implementations.user.brought import from_objects
from compare.implementations.user.function import Backward
from compare.implementations.user.names import name_candidates, name_gradients
from compare.implementations.user.torch_module import Asked, is_module, recognise
from compare.options.arguments import folder_path, plain_option, plain_options
from compare.options.config import Config
from compare.pipeline.compare import Sink, compare_problem
from compare.problem.array_likes import as_numpy
from compare.problem.arrays import problems_from_arrays
from compare.problem.given_params import given_params
from compare.problem.problem import Problem
from compare.report.report import Report
from compare.resume.saved_inputs import SavedInputs


@exclusive
def compare_gradients(
    params: Any,
    x: Any,
    y: Any = None,
    *,
    activation: str | Sequence[str] | None = None,
    output: str | None = None,
    loss: str | None = None,
    bias: str | None = None,
    l2: float = Config.l2,
    implementations: Sequence[str] = Config.implementations,
    candidates: Mapping[str, Backward] | Iterable[Backward] = (),
    candidate_arrays: str = Config.candidate_arrays,
    candidate_batched: bool = Config.candidate_batched,
    candidate_returns: str = Config.candidate_returns,
    learning_rate: float | None = Config.learning_rate,
    gradients: Mapping[str, Any] | None = None,
    reduction: str | None = Config.reduction,
    batch_size: int | None = Config.batch_size,
    dtype: np.typing.DTypeLike | None = None,
    cast: bool = Config.cast,
    device: str = Config.device,
    matmul_precision: str = Config.matmul_precision,
    deterministic: bool = Config.deterministic,
    repeats: int = Config.repeats,
    layout: str | None = Config.layout,
    trace: int | None = Config.trace,
    witness: int = Config.witness,
    seed: int = 0,
    save: str | Path | None = None,
    on_block: Sink | None = None,
) -> Report:
    """Compares the gradients of your weights on your samples.

    Both frameworks compute under settings of the comparison's own, whatever is set around it:
    autocast, say, or `torch.no_grad`. Calls from several threads wait for one another.

    Args:
      params: (w, b) for every layer, as NumPy, JAX or torch arrays or lists; w is [n_in, n_out],
        or [n_out, n_in] in layout 'out_in'. Or a tree whose names say which is which: params of
        Flax or Haiku, a module of Equinox, a state_dict, a list of torch layers, dicts of your
        own. Or a torch.nn.Module, a chain of affine layers and activations however it is written,
        which then takes part itself; if it takes labels and returns a loss, with that.
      x: samples [N, d].
      y: labels [N, k]; [N] where there is one output, or for the numbers of classes of a softmax;
        None for the mean of x_i^2, or for classes that are drawn, as the loss wants them.
      activation: sigmoid (the default) or another that --activation takes, such as 'relu' or
        'leaky_relu:0.2'; a list of one for each hidden layer; a module brings its own.
      output: linear, sigmoid, tanh or softmax. Beside a cross-entropy linear outputs are logits.
      loss: squared, half_squared, mean_squared (over the outputs), cross_entropy,
        binary_cross_entropy, huber, absolute or hinge, of one sample.
      bias: 'none' where no layer has one; all b are 0 then.
      l2: lambda of lambda / 2 |w|^2 over all weights, on top of the loss of every sample.
      implementations: of jax_grad, jax_manual, torch_autograd, numpy_manual; with what you bring
        there must be two.
      candidates: functions of your own, by name or as they are called: each takes
        ([(w, b), ...], x [d], y [k]) of one sample, w in `layout`, or your own tree if params
        are one, and returns [(dw, db), ...], or these in a flat list, in two lists, by name, in
        a tree or beside the loss. Each is called on the first sample before the comparison.
      candidate_arrays: what they are given, 'numpy', 'torch' or 'jax' arrays.
      candidate_batched: whether they take x [N, d] and y [N, k], and return a leading N.
      candidate_returns: 'gradients'; or 'update' for functions that take one step of gradient
        descent, and return new weights or leave them in what they are given.
      learning_rate: the rate of that step; a larger one shows more digits of the gradient.
      gradients: name -> [(dw [N, ...], db [N, ...]), ...] that exist already, or such a tree.
      reduction: 'mean' or 'sum' to compare gradients of batches too: candidates then take x [n, d]
        and y [n, k] and return the gradient of the mean or the sum of the losses, in the shapes of
        params, and so do `gradients`, for one batch of all samples. None for single samples alone.
      batch_size: how many samples a batch has; None for all, up to as many as are computed at once.
      dtype: float64, float32, bfloat16 or float16 to compute in, by its name or as NumPy, JAX or
        torch have it; None for that of the first w.
      cast: whether to round weights and samples that dtype does not have.
      device: 'cpu', 'gpu', one such as 'cuda:0', or 'all' for each of them on every device.
      matmul_precision: 'highest', 'high' or 'default': what both frameworks are told of matrix
        products. What they make of it is measured, and stands in the report's `engines`.
      deterministic: whether to allow both only operations that repeat to the bit; for JAX on a GPU
        set XLA_FLAGS=--xla_gpu_deterministic_ops=true before it is first used.
      repeats: how many times more to compute everything, to tell what changes from run to run.
      layout: 'in_out' or 'out_in', of params that are not a module, of gradients, and of every
        shape and index in the report. None for the one that fits; where both do, in_out, unless
        gradients are certified in the other alone.
      trace: the number of a sample whose every step is to be kept in the report.
      witness: how many samples are held against complex-step derivatives.
      seed: chooses these samples, and those with end-to-end bounds if there are over 10,000.
      save: a folder that gets weights, samples and what was brought, if a sample does not agree;
        the report's `reproduce` is then a command that computes it again.
      on_block: called with (first sample, implementation -> Answer) for each block, in order; an
        Answer has grads, and prediction and loss or None.

    Returns:
      The report.

    Raises:
      UsageError: if shapes do not fit, or an option is unknown or cannot be had.
    """
    network = {"activation": activation, "output": output, "loss": loss, "bias": bias}
    options = plain_options(
        {name: value for name, value in network.items() if value is not None},
        l2=l2,
        implementations=implementations,
        candidate_arrays=candidate_arrays,
        candidate_batched=candidate_batched,
        candidate_returns=candidate_returns,
        learning_rate=learning_rate,
        reduction=reduction,
        batch_size=batch_size,
        cast=cast,
        device=str(device) if shown(device) == "device" else device,  # of torch
        matmul_precision=matmul_precision,
        deterministic=deterministic,
        repeats=repeats,
        layout=layout,
        trace=trace,
        witness=witness,
    )
    seed = plain_option("seed", seed)
    folder, functions = folder_path("save", save), name_candidates(candidates)
    given = name_gradients(gradients)
    if on_block is not None and not callable(on_block):
        raise UsageError(f"on_block: expected a function, got {shown(on_block)}")
    module = None
    if is_module(params):
        asked = Asked(l2=options["l2"], **{name: options.get(name) for name in network})
        module = recognise(params, Settings(matmul_precision, deterministic), asked)
        options |= module.network_options
        params = module.layers
    weights = given_params(params)
    config = Config(
        **options,
        layer_sizes=None,
        init=None,
        samples=None,
        seed=None,
        dtype=_dtype_name(dtype, weights.first_weight),
        candidate=("module",) * (module is not None) + tuple(name for name, _ in functions),
        gradients=tuple(given),
    )
    problems = problems_from_arrays(
        weights,
        x,
        y,
        activation=config.activation,
        loss=config.loss,
        output=config.output,
        bias=config.bias,
        l2=config.l2,
        layout="out_in" if module is not None else config.layout,
        dtype=dtype_of(config.dtype),
        cast=config.cast,
    )
    own = []
    if module is not None:
        _check_unrounded(module.layers, problems.candidates[0])
        problems = problems.with_biases(module.biases).reported_in(layout or "in_out")
        own = [module.implementation]
    brought = from_objects(own, functions, given, problems, config, weights.tree)
    problem, own = brought.problem, brought.implementations
    more: dict[str, Any] = {
        "brought": own,
        "weights": brought.weights,
        "doubt": brought.doubt,
        "seed": seed,
    }
    if folder is None:
        return Report.of(compare_problem(problem, config, on_block=on_block, **more))
    of_samples = [one.name for one in own if one.answers_of == "samples"]
    saved = SavedInputs(folder, of_samples, problem.layout, on_block)
    found = Report.of(compare_problem(problem, config, on_block=saved.add, **more))
    if not found.values:
        return found
    command = saved.write(problem, config, found.values[0].sample)
    return dataclasses.replace(found, reproduce=command)


def _check_unrounded(layers: Sequence[tuple[Any, Any]], problem: Problem) -> None:
    """Checks that a module computes with the weights of the problem, and not with finer ones."""
    for i, (layer, held) in enumerate(zip(layers, problem.params, strict=True), start=1):
        weight, bias = map(as_numpy, layer)
        for array, ours in ((weight.T, held.w), (bias, held.b)):
            if not np.array_equal(array.astype(np.float64), ours.astype(np.float64)):
                raise UsageError(
                    f"params: the module computes with {array.dtype} weights of layer {i} that "
                    f"{problem.dtype} does not have; pass module.to(torch.{problem.dtype})"
                )


def _dtype_name(dtype: Any, w: np.ndarray) -> str:
    """The name of the dtype that is asked for, which may be one that there is not."""
    if dtype is None:
        return restore_bfloat16(w).dtype.name
    if isinstance(dtype, str) and not dtype:
        return dtype
    try:
        return np.dtype(dtype).name
    except Exception:  # torch.float32 and the like, and those that NumPy does not have
        if not isinstance(dtype, str) and type(dtype).__module__ != "torch":
            raise UsageError(
                f"dtype: expected one of {', '.join(DTYPES)}, got {shown(dtype)}"
            ) from None
        return str.__str__(dtype) if isinstance(dtype, str) else str(dtype).removeprefix("torch.")
