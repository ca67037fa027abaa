"""The flags of `python -m compare.run`, and the Config they make; they are read nowhere else."""

from collections.abc import Sequence

from absl import flags

from compare import command_line, config
from compare.config import Config
from compare.errors import UsageError

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
        "device",
        "witness=K",
        "fail_on",
        "only_sample=N",
    ),
    "Over time": ("save_baseline=FILE", "baseline=FILE"),
    "The output": ("out=FOLDER", "dumps", "split_dumps", "layout", "trace=N"),
    "Other": ("flagfile=FILE", "help"),
}


def config_from_argv(argv: Sequence[str]) -> Config:
    """Parses the command line, program name first.

    Raises:
      UsageError: for anything on it that cannot be.
      SystemExit: with status 0, after --help.
    """
    values = _define()
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

    def unless_brought(name: str, brought: str | None) -> bool:
        """A default does not hold against a file; what was typed does."""
        return brought is None or values[name].present > 0

    return Config(
        layer_sizes=(
            _layer_sizes(values.layer_sizes)
            if unless_brought("layer_sizes", values.params)
            else None
        ),
        activation=values.activation,
        init=values.init if values.params is None else None,
        samples=values.samples if unless_brought("samples", values.data) else None,
        seed=values.seed if values.params is None or values.data is None else None,
        dtype=values.dtype,
        cast=values.cast,
        save_params=values.save_params,
        device=values.device,
        layout=values.layout,
        implementations=tuple(values.implementations),
        candidate=tuple(values.candidate),
        candidate_arrays=values.candidate_arrays,
        candidate_batched=values.candidate_batched,
        gradients=tuple(values.gradients),
        only_sample=values.only_sample,
        baseline=values.baseline,
        save_baseline=values.save_baseline,
        params=values.params,
        data=values.data,
        out=values.out,
        dumps=values.dumps,
        split_dumps=values.split_dumps,
        trace=values.trace,
        witness=values.witness,
        fail_on=values.fail_on,
    )


def _layer_sizes(words: Sequence[str]) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in words)
    except ValueError:
        raise UsageError(
            "layer_sizes: expected positive integers between commas, such as 2,10,10,1; "
            f"got {','.join(words)}"
        ) from None


def _define() -> flags.FlagValues:
    values = flags.FlagValues()
    _define_problem(values)
    _define_brought(values)
    _define_comparison(values)
    _define_baseline(values)
    _define_output(values)
    return values


def _define_problem(values: flags.FlagValues) -> None:
    flags.DEFINE_list(
        "layer_sizes",
        list(map(str, Config.layer_sizes or ())),
        "Units in every layer: inputs, hidden layers, outputs.",
        flag_values=values,
    )
    _choice(values, "activation", config.ACTIVATIONS, "Of the hidden layers; the output is linear.")
    _choice(
        values,
        "init",
        config.INITS,
        "How weights and biases are drawn: torch is U(-1/sqrt(n_in), 1/sqrt(n_in)), as in "
        "torch.nn.Linear; normal is N(0, 1).",
    )
    _integer(values, "seed", "Of weights and samples.", at_least=0)
    _path(
        values,
        "params",
        "A file of weights, from which the layer sizes are taken: .npz with names such as w1 b1 w2 "
        "b2, in the layout of --layout; a state_dict in .pt or .pth; or .safetensors.",
    )
    _path(
        values,
        "save_params",
        "Write the weights, drawn or read, to a .npz file in the layout of --layout, or to .pt or "
        ".safetensors as torch names them; --params reads all three.",
    )
    _integer(
        values,
        "samples",
        "How many, drawn from U[0,1]; with --data, how many of those there (default: all).",
        at_least=1,
    )
    _path(
        values,
        "data",
        "A file of samples and, if they are not the mean of x^2, labels: .npz or .safetensors with "
        "x [N, inputs] and y [N, outputs]; .npy or .csv with their columns side by side.",
    )


def _define_brought(values: flags.FlagValues) -> None:
    flags.DEFINE_multi_string(
        "candidate",
        list(Config.candidate),
        "A backward of your own, FILE.py:NAME or package.module:NAME, that takes (params, x, y) of "
        "one sample, params a list of (w, b) in the layout of --layout, and returns a list of "
        "(dw, db); may be repeated.",
        flag_values=values,
    )
    _choice(values, "candidate_arrays", config.CANDIDATE_ARRAYS, "What candidates are given.")
    flags.DEFINE_bool(
        "candidate_batched",
        Config.candidate_batched,
        "Candidates take x [N, inputs] and y [N, outputs], and return a leading N.",
        flag_values=values,
    )
    flags.DEFINE_multi_string(
        "gradients",
        list(Config.gradients),
        "Per-sample gradients that exist already: a dump, a print, .npz, .pt or .safetensors; may "
        "be repeated.",
        flag_values=values,
    )


def _define_comparison(values: flags.FlagValues) -> None:
    flags.DEFINE_list(
        "implementations",
        list(Config.implementations),
        f"Two or more of {', '.join(config.IMPLEMENTATIONS)}; the last is float64, one sample at "
        "a time.",
        flag_values=values,
    )
    _choice(values, "dtype", config.DTYPES, "Of weights, samples and arithmetic.")
    flags.DEFINE_bool(
        "cast",
        Config.cast,
        "Round weights and samples that do not exist in --dtype; without it they are refused.",
        flag_values=values,
    )
    _choice(
        values, "device", config.DEVICES, "Where JAX and torch compute; an absent GPU is an error."
    )
    _integer(
        values,
        "witness",
        "Samples, chosen by the seed, on which all are held against complex-step derivatives.",
        at_least=0,
    )
    _choice(
        values,
        "fail_on",
        config.FAIL_ON,
        "What is not status 0: disagree alone; undecided too; or warning, a difference that "
        "rounding can hardly explain, as well (status 3).",
    )
    _integer(
        values, "only_sample", "Compare this one alone, computed among the others.", at_least=0
    )


def _define_baseline(values: flags.FlagValues) -> None:
    _path(
        values,
        "save_baseline",
        "Keep all gradients and what was found of them in this .npz file.",
    )
    _path(
        values,
        "baseline",
        "Hold every implementation against itself in a file of --save_baseline: what moved, what "
        "is no longer certified, which versions differ.",
    )


def _define_output(values: flags.FlagValues) -> None:
    _path(values, "out", "The folder for report.json and the dumps.")
    _choice(
        values,
        "dumps",
        config.DUMPS,
        "The gradients of every sample as files; auto is text up to "
        f"{config.LARGEST_TEXT_DUMP} samples and none above.",
    )
    flags.DEFINE_bool(
        "split_dumps",
        Config.split_dumps,
        "Write weight and bias gradients to separate files.",
        flag_values=values,
    )
    _choice(
        values,
        "layout",
        config.LAYOUTS,
        "Of weight matrices, in --params and in all output: in_out is [n_in, n_out], z = x w + b; "
        "out_in is its transpose, as in torch.",
    )
    _integer(values, "trace", "Print every forward and backward step of this sample.", at_least=0)


def _choice(values: flags.FlagValues, name: str, choices: Sequence[str], text: str) -> None:
    flags.DEFINE_enum(name, getattr(Config, name), list(choices), text, flag_values=values)


def _integer(values: flags.FlagValues, name: str, text: str, *, at_least: int) -> None:
    command_line.define_integer(name, getattr(Config, name), text, values, at_least=at_least)


def _path(values: flags.FlagValues, name: str, text: str) -> None:
    flags.DEFINE_string(name, getattr(Config, name), text, flag_values=values)
