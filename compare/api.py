"""`compare_gradients`: a user's own arrays and functions, compared."""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from compare.calls import exclusive
from compare.errors import UsageError, shown
from compare.formats.dtypes import dtype_of
from compare.implementations.base import Settings
from compare.implementations.baseline import read_baseline
from compare.implementations.user.brought import from_objects
from compare.implementations.user.call import Backward
from compare.implementations.user.names import name_candidates, name_gradients
from compare.implementations.user.torch_module import (
    Asked,
    ModuleParts,
    check_unrounded,
    is_module,
    recognise,
)
from compare.options import groups
from compare.options.arguments import path_text, plain_options
from compare.options.config import OPTIONS, Config
from compare.options.wording import told_as_arguments
from compare.pipeline.compare import Sink, compare_problem
from compare.problem.arrays import problems_from_arrays
from compare.problem.given_params import dtype_name, given_params
from compare.problem.problem import draw_params
from compare.report.report import Report
from compare.resume.saved_baseline import SavedBaseline
from compare.resume.saved_inputs import SavedInputs

_CALL_STYLE, _MACHINE = groups.CallStyle(), groups.Machine()
_DRAW, _DETAIL = groups.Draw(), groups.Detail()
_NETWORK = ("activation", "output", "loss", "bias")  # of which a module has its own


class _Given(NamedTuple):
    """What a user brings, as it came."""

    params: Any
    x: Any
    y: Any
    dtype: Any
    functions: list[tuple[str, Backward]]
    gradients: dict[str, Any]


@exclusive
def compare_gradients(
    params: Any = None,
    x: Any = None,
    y: Any = None,
    *,
    candidate: Backward | None = None,
    candidates: Mapping[str, Backward] | Iterable[Backward] = (),
    gradients: Mapping[str, Any] | None = None,
    implementations: Sequence[str] = Config.implementations,
    activation: str | Sequence[str] | None = None,
    output: groups.Output | None = None,
    loss: groups.Loss | None = None,
    bias: groups.Bias | None = None,
    l2: float = Config.l2,
    reduction: groups.Reduction | None = None,
    layout: groups.Layout | None = None,
    dtype: Any = None,
    cast: bool = Config.cast,
    call_style: groups.CallStyle = _CALL_STYLE,
    machine: groups.Machine = _MACHINE,
    draw: groups.Draw = _DRAW,
    detail: groups.Detail = _DETAIL,
    save: "str | os.PathLike[str] | None" = None,
    on_block: Sink | None = None,
) -> Report:
    """Compares the gradients of your weights on your samples.

    `compare_gradients(candidate=f)` compares f with ours on a network and samples that are drawn.
    Both frameworks compute under settings of the comparison's own, whatever is set around it:
    autocast, say, or `torch.no_grad`. Calls from several threads wait for one another.

    Args:
      params: (w, b) for every layer, as NumPy, JAX or torch arrays or lists; w is [n_in, n_out],
        or [n_out, n_in] in layout 'out_in'. Or a tree whose names say which is which: params of
        Flax or Haiku, a module of Equinox, a state_dict, a list of torch layers, dicts of your
        own. Or a torch.nn.Module, a chain of affine layers and activations however it is written,
        which then takes part itself; if it takes labels and returns a loss, with that. None for
        weights that are drawn.
      x: samples [N, d]; None for samples that are drawn.
      y: labels [N, k]; [N] where there is one output, or for the numbers of classes of a softmax;
        None for the mean of x_i^2, or for classes that are drawn, as the loss wants them.
      candidate: a function of your own, that takes ([(w, b), ...], x [d], y [k]) of one sample, w
        in `layout`, or your own tree if params are one, and returns [(dw, db), ...], or these in a
        flat list, in two lists, by name, in a tree or beside the loss. It is called on the first
        sample before the comparison.
      candidates: several of them, by name in a dict, or as they are called in a list.
      gradients: name -> [(dw [N, ...], db [N, ...]), ...] that exist already, or such a tree.
      implementations: of jax_grad, jax_manual, torch_autograd, numpy_manual; with what you bring
        there must be two.
      activation: sigmoid (the default), relu, leaky_relu:0.2 or another of docs/networks.md; a
        list of one for each hidden layer; a module brings its own.
      output: linear, sigmoid, tanh or softmax. Beside a cross-entropy linear outputs are logits.
      loss: squared, half_squared, mean_squared (over the outputs), cross_entropy,
        binary_cross_entropy, huber, absolute or hinge, of one sample.
      bias: 'none' where no layer has one, for 'all'; all b are 0 then.
      l2: lambda of lambda / 2 |w|^2 over all weights, on top of the loss of every sample.
      reduction: 'mean' or 'sum' to compare gradients of batches too: candidates then take x [n, d]
        and y [n, k] and return the gradient of the mean or the sum of the losses, in the shapes of
        params, and so do `gradients`, for one batch of all samples. None for single samples alone.
      layout: 'in_out' or 'out_in', of params that are not a module, of gradients, and of every
        shape and index in the report. None for the one that fits; where both do, in_out, unless
        gradients are certified in the other alone.
      dtype: float64, float32, bfloat16 or float16 to compute in, by its name or as NumPy, JAX or
        torch have it; None for that of the first w.
      cast: whether to round weights and samples that dtype does not have.
      call_style: `CallStyle(arrays=, batched=, returns=, learning_rate=, batch_size=)`: how
        candidates are called, and what they return.
      machine: `Machine(device=, matmul_precision=, deterministic=, repeats=)`: where both
        frameworks compute, how exactly, and how often.
      draw: `Draw(layer_sizes=, init=, samples=, seed=)`: what is drawn, and from which seed.
      detail: `Detail(trace=, witness=, baseline=, save_baseline=)`: what is looked at more closely.
      save: a folder that gets weights, samples and what was brought, if a sample does not agree;
        the report's `reproduce` is then a command that computes it again.
      on_block: called with (first sample, implementation -> Answer) for each block, in order; an
        Answer has grads, and prediction and loss or None.

    Returns:
      The report.

    Raises:
      UsageError: if shapes do not fit, or an option is unknown or cannot be had.
    """
    network = dict(zip(_NETWORK, (activation, output, loss, bias), strict=True))
    with told_as_arguments():
        options = plain_options(
            {name: value for name, value in network.items() if value is not None},
            l2=l2,
            implementations=implementations,
            reduction=reduction,
            layout=layout,
            cast=cast,
            **groups.options_in(call_style=call_style, machine=machine, draw=draw, detail=detail),
        )
        functions = name_candidates(candidate, candidates)
        given = _Given(params, x, y, dtype, functions, name_gradients(gradients))
        if on_block is not None and not callable(on_block):
            raise UsageError(f"on_block: expected a function, got {shown(on_block)}")
        return _compared(given, options, path_text("save", save), on_block)


def _compared(
    given: _Given, options: dict[str, Any], folder: str | None, on_block: Sink | None
) -> Report:
    """Compares what was given under options that are plain, each checked by itself."""
    module = _module(given.params, options)
    if module is not None:
        options = options | module.network_options
    config, params = _settled(given, options, module)
    weights = given_params(params)
    layout, is_known = config.layout, module is not None or given.params is None
    if is_known:
        layout = "in_out" if module is None else "out_in"  # as we draw, and as torch does
    asked = {name: getattr(config, name) for name in (*_NETWORK, "l2", "cast")}
    asked |= {"layout": layout, "dtype": dtype_of(config.dtype)}
    asked |= {name: options[name] for name in ("samples", "seed")}
    problems = problems_from_arrays(weights, given.x, given.y, **asked)
    own = []
    if module is not None:
        check_unrounded(module.layers, problems.candidates[0])
        problems = problems.with_biases(module.biases)
        own = [module.implementation]
    if is_known:
        problems = problems.reported_in(config.layout or "in_out")
    functions, gradients = given.functions, given.gradients
    brought = from_objects(own, functions, gradients, problems, config, weights.tree)
    problem, own = brought.problem, brought.implementations
    more = {"weights": brought.weights, "doubt": brought.doubt, "seed": options["seed"]}
    if config.baseline is not None:
        more["baseline"] = read_baseline(config.baseline, problem)
    saved = None
    if folder is not None:
        of_samples = [one.name for one in own if one.answers_of == "samples"]
        saved = SavedInputs(folder, of_samples, problem.layout, on_block)
        on_block = saved.add
    with SavedBaseline(config, problem, len(own), on_block) as kept:
        found = Report.of(compare_problem(problem, config, brought=own, on_block=kept.add, **more))
        kept.finish(found)
    if own:  # which is in memory alone, so that no command has it
        found = dataclasses.replace(found, command=None, reproduce=None)
    if saved is None or not found.values:
        return found
    command = saved.write(problem, config, found.values[0].sample)
    return dataclasses.replace(found, reproduce=command)


def _module(params: Any, options: Mapping[str, Any]) -> ModuleParts | None:
    """Recognises a torch module; None for any other weights."""
    if not is_module(params):
        return None
    settings = Settings(options["matmul_precision"], options["deterministic"])
    asked = Asked(l2=options["l2"], **{name: options.get(name) for name in _NETWORK})
    return recognise(params, settings, asked)


def _settled(
    given: _Given, options: Mapping[str, Any], module: ModuleParts | None
) -> tuple[Config, Any]:
    """Returns the config of a run, and weights, which may have to be drawn.

    In the config is None what is given and not drawn: of weights, or of samples.
    """
    if given.x is None and given.y is not None:
        raise UsageError("x: expected samples beside the labels y, got None")
    if given.params is None and given.x is not None:
        raise UsageError("params: expected weights beside the samples x, got None")
    own = given.params if module is None else module.layers
    brought: dict[str, None] = {}
    if own is not None:
        brought = dict.fromkeys(["layer_sizes", "init"])
    if given.x is not None:
        brought |= dict.fromkeys(["samples", "seed"])
    for name in brought:
        if name != "seed" and options[name] != OPTIONS[name].default:
            raise UsageError(
                f"{name}: params or x bring it, so there is none to draw; leave it out"
            )
    first = None if own is None else given_params(own).first_weight
    config = Config(
        **{**options, **brought},
        dtype=dtype_name(given.dtype, first),
        candidate=("module",) * (module is not None) + tuple(name for name, _ in given.functions),
        gradients=tuple(given.gradients),
    )
    if own is None:
        own = list(draw_params(config, dtype_of(config.dtype)))
    return config, own
