"""The flags of `python -m compare.run`, and the Config they make; they are read nowhere else."""

import dataclasses
from collections.abc import Sequence

from compare.errors import UsageError
from compare.options import command_line
from compare.options.config import Config
from compare.options.definitions import define_flags

USAGE = """\
Compares per-sample gradients of one network, taken in several independent ways.

  python -m compare.run
  python -m compare.run --layer_sizes=4,8,8,2 --activation=tanh --dtype=float64
  python -m compare.run --params=weights.npz --data=samples.npz --layout=out_in
  python -m compare.run --flagfile=cases/deep_relu.flags

Exit status: 0 agree, 2 disagree, 3 undecided, 1 wrong usage or a crash."""

SECTIONS = {
    "The network": (
        "layer_sizes=N,N,...",
        "activation",
        "init",
        "seed=N",
        "params=FILE",
        "save_params=FILE",
    ),
    "The samples": ("samples=N", "data=FILE"),
    "Your own gradients": (
        "candidate=FILE.py:NAME",
        "candidate_arrays",
        "candidate_batched",
        "gradients=FILE",
    ),
    "The comparison": (
        "implementations=NAME,NAME,...",
        "dtype",
        "cast",
        "device=cpu|gpu|cuda:0|all",
        "matmul_precision",
        "deterministic",
        "repeats=K",
        "witness=K",
        "fail_on",
        "only_sample=N",
    ),
    "Over time": ("save_baseline=FILE", "baseline=FILE"),
    "The output": (
        "out=FOLDER",
        "html",
        "plots=FOLDER",
        "verbose",
        "dumps",
        "split_dumps",
        "layout",
        "trace=N",
    ),
    "How it runs": (
        "quiet",
        "restart",
        "coordinator_address=HOST:PORT",
        "num_processes=N",
        "process_id=N",
    ),
    "Other": ("flagfile=FILE", "help"),
}


def config_from_argv(argv: Sequence[str]) -> Config:
    """Parses the command line, program name first.

    Raises:
      UsageError: for anything on it that cannot be.
      SystemExit: with status 0, after --help.
    """
    values = define_flags()
    words = command_line.parse(argv, values, usage=USAGE, sections=SECTIONS)
    if words:
        raise UsageError(
            f"expected flags only, such as --samples=5, got {' '.join(map(repr, words))}"
        )

    if values.params is not None and values["init"].present:
        raise UsageError("init: --params brings the weights, so there are none to draw; drop one")

    if values.params is not None and values.data is not None and values["seed"].present:
        raise UsageError(
            "seed: --params and --data bring all there is to draw; drop one of the three"
        )

    options = {field.name: values[field.name].value for field in dataclasses.fields(Config)}
    for name in ("implementations", "candidate", "gradients"):
        options[name] = tuple(options[name])
    options["layer_sizes"] = _layer_sizes(values.layer_sizes)
    # A default does not hold against a file; what was typed does.
    for name, brought in (("layer_sizes", values.params), ("samples", values.data)):
        if brought is not None and not values[name].present:
            options[name] = None
    if values.params is not None:
        options["init"] = None
        if values.data is not None:
            options["seed"] = None
    return Config(**options)


def _layer_sizes(words: Sequence[str]) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in words)
    except ValueError:
        raise UsageError(
            "layer_sizes: expected positive integers between commas, such as 2,10,10,1; "
            f"got {','.join(words)}"
        ) from None
