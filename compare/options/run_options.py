"""The table of the options of a run: one row an option, after those of its problem."""

import dataclasses

from compare import catalogue
from compare.options import checks, option
from compare.options.problem_options import ProblemOptions

LARGEST_TEXT_DUMP = 1000  # samples; --dumps=auto writes text up to here


@dataclasses.dataclass(frozen=True)
class Options(ProblemOptions):
    """The options of a run, not checked.

    Reports and commands have them in this order, and --help in that of `command_line.SECTIONS`.
    """

    device: str = option.text(
        "cpu",
        "cpu|gpu|cuda:0|all",
        "Where JAX and torch compute: cpu, gpu, one such as cuda:0, or all, each of them on every "
        "device there is. An absent GPU is an error.",
        check=checks.device,
        argument=True,
    )
    matmul_precision: str = option.choice(
        "highest",
        catalogue.MATMUL_PRECISIONS,
        "What both frameworks are told of matrix products: highest keeps float32 whole, high lets "
        "them round factors to TF32, default is what each has by itself. What they make of it is "
        "measured.",
        argument=True,
    )
    deterministic: bool = option.flag(
        "Allow both frameworks only operations that repeat to the bit.", argument=True
    )
    repeats: int = option.integer(
        0,
        "Compute everything K times more, to tell what changes from run to run.",
        at_least=0,
        at_most=1000,
        word="K",
        argument=True,
    )
    layout: str | None = option.choice(
        None,
        catalogue.LAYOUTS,
        "The layout of weight matrices in --params, in --gradients and in all output: in_out is "
        "[n_in, n_out], z = x w + b; out_in is its transpose, as in torch. Without it, the one "
        "that fits; where both do, in_out, unless gradients are certified in the other alone.",
        argument=True,
    )
    implementations: tuple[str, ...] = option.names(
        catalogue.IMPLEMENTATIONS[:3],
        "NAME,NAME,...",
        f"Two or more of {', '.join(catalogue.IMPLEMENTATIONS)}; the last is float64, one sample "
        "at a time.",
        check=checks.each_of(catalogue.IMPLEMENTATIONS),
        argument=True,
    )
    candidate: tuple[str, ...] = option.repeated(
        "FILE.py:NAME",
        "A backward of your own, FILE.py:NAME, FILE.ipynb:NAME or package.module:NAME, that takes "
        "(params, x, y) of one sample, params a list of (w, b) in the layout of --layout, and "
        "returns a list of (dw, db), or these by name or in other lists; may be repeated. Of a "
        "notebook only imports, definitions and constants are run.",
    )
    candidate_arrays: str = option.choice(
        "numpy", catalogue.CANDIDATE_ARRAYS, "What candidates are given.", argument=True
    )
    candidate_batched: bool = option.flag(
        "Candidates take x [N, inputs] and y [N, outputs], and return a leading N.", argument=True
    )
    candidate_returns: str = option.choice(
        "gradients",
        catalogue.CANDIDATE_RETURNS,
        "What candidates make: gradients; or an update, new weights after one step of gradient "
        "descent at --learning_rate, which they return or leave in what they are given.",
        argument=True,
    )
    learning_rate: float | None = option.number(
        None,
        "The rate of that step. A larger one shows more digits of a gradient.",
        word="RATE",
        check=checks.positive,
        argument=True,
    )
    gradients: tuple[str, ...] = option.repeated(
        "FILE",
        "Per-sample gradients that exist already: a dump, a print, a folder with an array in each "
        "file, or what --params takes; may be repeated. With --reduction they are of one batch of "
        "all samples.",
    )
    reduction: str | None = option.choice(
        None,
        catalogue.REDUCTIONS,
        "Compare gradients of the mean or the sum over batches too: candidates take x [N, inputs] "
        "and y [N, outputs] and return one gradient; they are called on samples alone, too.",
        argument=True,
    )
    batch_size: int | None = option.integer(
        None,
        "Samples in a batch of --reduction. Default: all, or as many as are computed at once.",
        at_least=1,
        at_most=2**53,
        argument=True,
    )
    only_sample: int | None = option.sample(
        "Compare this sample alone, computed in the block that it belongs to; with --reduction "
        "also the batch that it is in."
    )
    baseline: str | None = option.file(
        "Hold every implementation against itself in a file of --save_baseline: what moved, what "
        "is no longer certified, which versions differ."
    )
    save_baseline: str | None = option.file(
        "Keep all gradients and what was found of them in this .npz file.", purpose="writing"
    )
    save_params: str | None = option.file(
        "Write the weights, drawn or read, to a .npz file in the layout of --layout, or to .pt or "
        ".safetensors as torch names them; --params reads all three.",
        check=checks.weight_file,
        purpose="writing",
    )
    params: str | None = option.file(
        "A file of weights, from which the layer sizes are taken: .npz with names such as w1 b1 w2 "
        "b2, in the layout of --layout; a state_dict in .pt, .pth, .ckpt or .bin; .safetensors; "
        ".msgpack of Flax; or .json and .csv with names and all digits."
    )
    module: str | None = option.text(
        None,
        "FILE.py:NAME",
        "A torch.nn.Module as the network, FILE.py:NAME or package.module:NAME: a module, or a "
        "class or function that makes one without arguments, with --seed as torch's seed. Its own "
        "gradients take part; weights, layer sizes, activations, output and dtype are its own, and "
        "so is the loss if its forward takes labels and returns one.",
    )
    data: str | None = option.file(
        "A file of samples and labels: .npz or .safetensors with x [N, inputs] and y [N, outputs]; "
        ".npy or .csv with their columns side by side. Labels may be left out: they are then the "
        "mean of x^2, or drawn where the loss asks for classes."
    )
    out: str = option.folder("out", "The folder for report.json and the dumps.", purpose="whole")
    dumps: str = option.choice(
        "auto",
        ("auto", "text", "npz", "none"),
        f"The gradients of every sample as files; auto is text up to {LARGEST_TEXT_DUMP} samples "
        "and none above.",
        purpose="whole",
    )
    split_dumps: bool = option.flag(
        "Write weight and bias gradients to separate files.", purpose="whole"
    )
    trace: int | None = option.sample(
        "Print every forward and backward step of this sample.", argument=True
    )
    witness: int = option.integer(
        3,
        "Samples, chosen by the seed, on which all are held against complex-step derivatives.",
        at_least=0,
        at_most=10_000,
        word="K",
        argument=True,
    )
    fail_on: str = option.choice(
        "undecided",
        ("disagree", "undecided", "warning"),
        "What ends with a status other than 0: disagree alone; undecided, too; or with warning, "
        "also a difference that rounding can hardly explain (status 3).",
    )
    html: bool = option.flag(
        "Write report.html to --out too: one page with figures, that needs no internet.",
        purpose="running",
    )
    plots: str | None = option.folder(
        None, "A folder for the figures of that page, as .svg files.", purpose="running"
    )
    verbose: bool = option.flag(
        "Print how the verdict was found, too, with every word explained: what ran, every pair, "
        "every implementation, histograms of ulp, and which array of a file is which parameter.",
        purpose="running",
    )
    quiet: bool = option.flag("Show no progress.", purpose="running")
    long: bool = option.flag(
        "Go on although the run will take more than a day; without it, it stops and says how long.",
        purpose="running",
    )
    restart: bool = option.flag(
        "Begin anew where an earlier run of --out was interrupted; without it, it goes on.",
        purpose="running",
    )
    flagfile: tuple[str, ...] = option.repeated(
        "FILE", "Read flags from a file, one a line.", purpose="running"
    )
    coordinator_address: str | None = option.text(
        None,
        "HOST:PORT",
        "HOST:PORT of the first of several processes that share the samples; --out is a folder "
        "that all of them see. Under Slurm and Open MPI this flag and the next two may be left "
        "out.",
        purpose="running",
    )
    num_processes: int | None = option.integer(
        None, "The number of these processes.", at_least=1, purpose="running"
    )
    process_id: int | None = option.integer(
        None,
        "The number of this process, from 0; process 0 writes the report.",
        at_least=0,
        purpose="running",
    )
