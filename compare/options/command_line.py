"""The command line of `python -m compare.run`, and the Config it makes."""

from collections.abc import Collection, Sequence

from compare.errors import UsageError
from compare.options.config import OPTIONS, Config, brought
from compare.options.parse import Parsed, parse

USAGE = """\
Compares per-sample gradients of one network, taken in several independent ways.

  python -m compare.run
  python -m compare.run --candidate=backward.py:gradients
  python -m compare.run --layer_sizes=4,8,8,2 --activation=tanh --dtype=float64
  python -m compare.run --params=weights.npz --data=samples.npz --layout=out_in
  python -m compare.run --flagfile=cases/deep_relu.flags

Exit status: 0 agree, 2 disagree, 3 undecided, 1 wrong usage, an interrupt or a
crash."""

SECTIONS = {
    "The network": (
        *("layer_sizes", "activation", "output", "loss", "bias", "l2", "init", "seed"),
        *("params", "module", "save_params"),
    ),
    "The samples": ("samples", "data"),
    "Your own gradients": (
        "candidate",
        "candidate_arrays",
        "candidate_batched",
        "candidate_returns",
        "learning_rate",
        "gradients",
    ),
    "Batches": ("reduction", "batch_size"),
    "The comparison": (
        *("implementations", "dtype", "cast", "device", "matmul_precision", "deterministic"),
        *("repeats", "witness", "fail_on", "only_sample"),
    ),
    "Over time": ("save_baseline", "baseline"),
    "The output": (
        *("out", "html", "plots", "verbose", "dumps", "split_dumps", "layout", "trace"),
    ),
    "How it runs": (
        *("quiet", "long", "restart", "coordinator_address", "num_processes", "process_id"),
    ),
    "Other": ("flagfile", "help"),
}
_NOTHING_TO_DRAW = {
    "init": "init: --{weights} brings the weights, so there are none to draw; drop one",
    "seed": "seed: --{weights} and --data bring all there is to draw; drop one of the three",
}


def config_from_argv(argv: Sequence[str]) -> Config:
    """Parses the command line, program name first.

    Raises:
      UsageError: for anything on it that cannot be.
      SystemExit: with status 0, after --help.
    """
    parsed = parse(argv, OPTIONS, usage=USAGE, sections=SECTIONS)
    parsed.refuse_words(such_as="--samples=5")
    return config_of(parsed)


def config_of(parsed: Parsed, names: Collection[str] = OPTIONS.keys()) -> Config:
    """Returns the Config that some of the flags make; all else is as by default.

    Raises:
      UsageError: for what cannot be.
    """
    values = {name: parsed.values[name] for name in names}
    for name in names:
        if not brought(OPTIONS[name], parsed.values):
            continue
        if name not in parsed.typed:
            values[name] = None  # a default does not hold against a file; what was typed does
        elif name in _NOTHING_TO_DRAW:
            weights = "params" if values.get("module") is None else "module"
            raise UsageError(_NOTHING_TO_DRAW[name].format(weights=weights))
    if "flagfile" in names:
        values["flagfile"] = parsed.flagfiles
    return Config(**values)
