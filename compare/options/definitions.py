"""What each flag of `python -m compare.run` is called, takes and means; defaults are Config's."""

from collections.abc import Sequence

from absl import flags

from compare import catalogue
from compare.options import command_line, config
from compare.options.config import Config


def define_flags() -> flags.FlagValues:
    """Returns the flags of this command, kept apart from absl's global ones."""
    values = flags.FlagValues()
    _define_problem(values)
    _define_brought(values)
    _define_comparison(values)
    _define_baseline(values)
    _define_output(values)
    _define_running(values)
    return values


def _define_problem(values: flags.FlagValues) -> None:
    flags.DEFINE_list(
        "layer_sizes",
        list(map(str, Config.layer_sizes or ())),
        "Units in every layer: inputs, hidden layers, outputs.",
        flag_values=values,
    )
    _choice(
        values, "activation", catalogue.ACTIVATIONS, "Of the hidden layers; the output is linear."
    )
    _choice(
        values,
        "init",
        catalogue.INITS,
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
    _choice(values, "candidate_arrays", catalogue.CANDIDATE_ARRAYS, "What candidates are given.")
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
        f"Two or more of {', '.join(catalogue.IMPLEMENTATIONS)}; the last is float64, one sample "
        "at a time.",
        flag_values=values,
    )
    _choice(values, "dtype", catalogue.DTYPES, "Of weights, samples and arithmetic.")
    flags.DEFINE_bool(
        "cast",
        Config.cast,
        "Round weights and samples that do not exist in --dtype; without it they are refused.",
        flag_values=values,
    )
    _path(
        values,
        "device",
        "Where JAX and torch compute: cpu, gpu, one such as cuda:0, or all, each of them on every "
        "device there is. An absent GPU is an error.",
    )
    _choice(
        values,
        "matmul_precision",
        catalogue.MATMUL_PRECISIONS,
        "What both frameworks are told of matrix products: highest keeps float32 whole, high lets "
        "them round factors to TF32, default is what each has by itself. What they make of it is "
        "measured.",
    )
    flags.DEFINE_bool(
        "deterministic",
        Config.deterministic,
        "Allow both frameworks only operations that repeat to the bit.",
        flag_values=values,
    )
    _integer(
        values,
        "repeats",
        "Compute everything so many times more, to tell what changes from run to run.",
        at_least=0,
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
        catalogue.LAYOUTS,
        "Of weight matrices, in --params and in all output: in_out is [n_in, n_out], z = x w + b; "
        "out_in is its transpose, as in torch.",
    )
    flags.DEFINE_bool(
        "html",
        Config.html,
        "Write report.html to --out too: one page with figures, that needs no network.",
        flag_values=values,
    )
    _path(values, "plots", "A folder for the figures of that page, as .svg files.")
    flags.DEFINE_bool("verbose", Config.verbose, "Print histograms of ulp too.", flag_values=values)
    _integer(values, "trace", "Print every forward and backward step of this sample.", at_least=0)


def _define_running(values: flags.FlagValues) -> None:
    flags.DEFINE_bool("quiet", Config.quiet, "Show no progress.", flag_values=values)
    flags.DEFINE_bool(
        "restart",
        Config.restart,
        "Begin anew where an earlier run of --out was interrupted; without it, it goes on.",
        flag_values=values,
    )
    _path(
        values,
        "coordinator_address",
        "HOST:PORT of the first of several processes that share the samples; --out is a folder "
        "that all of them see. Slurm and Open MPI tell all three by themselves.",
    )
    _integer(values, "num_processes", "How many they are.", at_least=1)
    _integer(values, "process_id", "Which of them this is; 0 reports.", at_least=0)


def _choice(values: flags.FlagValues, name: str, choices: Sequence[str], text: str) -> None:
    flags.DEFINE_enum(name, getattr(Config, name), list(choices), text, flag_values=values)


def _integer(values: flags.FlagValues, name: str, text: str, *, at_least: int) -> None:
    command_line.define_integer(name, getattr(Config, name), text, values, at_least=at_least)


def _path(values: flags.FlagValues, name: str, text: str) -> None:
    flags.DEFINE_string(name, getattr(Config, name), text, flag_values=values)
