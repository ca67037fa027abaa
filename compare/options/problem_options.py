"""The table of the options of a problem: network, weights and samples; one row an option."""

import dataclasses

from compare import catalogue
from compare.options import checks, option


@dataclasses.dataclass(frozen=True)
class ProblemOptions:
    """The options of a problem, not checked: the first of those of a run."""

    layer_sizes: tuple[int, ...] | None = option.integers(
        (2, 10, 10, 1),
        "Units in every layer: inputs, hidden layers, outputs.",
        check=checks.layer_sizes,
        brought_by=("params",),
    )
    activation: str = option.listed(
        "sigmoid",
        "NAME,...",
        "The activation of the hidden layers, or one for each, out of "
        f"{', '.join(catalogue.ACTIVATIONS)}. leaky_relu:0.2 has that slope, elu:0.5 that alpha, "
        "and gelu is the tanh form.",
        check=checks.activations,
        brought_by=("module",),
        argument=True,
    )
    output: str = option.choice(
        "linear",
        catalogue.OUTPUTS,
        "The activation of the output layer. Beside a cross-entropy linear outputs are logits: the "
        "softmax or the sigmoid is then part of the loss.",
        brought_by=("module",),
        argument=True,
    )
    loss: str = option.choice(
        "squared",
        catalogue.LOSSES,
        "The loss of a sample: the sum of (yhat - y)^2 over its outputs, half of it, or their "
        "mean; cross_entropy of a softmax; binary_cross_entropy of a sigmoid; the Huber loss with "
        "threshold 1; the sum of |yhat - y|; or hinge, the sum of max(0, 1 - y yhat).",
        brought_by=("module",),
        argument=True,
    )
    bias: str = option.choice(
        "all",
        catalogue.BIASES,
        "Which layers have a bias: all, or none.",
        brought_by=("module",),
        argument=True,
    )
    l2: float = option.number(
        0.0,
        "Adds LAMBDA / 2 times the sum of all squared weights, biases left out, to the loss of "
        "every sample.",
        check=checks.not_negative,
        word="LAMBDA",
        argument=True,
    )
    init: str | None = option.choice(
        "torch",
        catalogue.INITS,
        "How weights and biases are drawn: torch is U(-1/sqrt(n_in), 1/sqrt(n_in)), as in "
        "torch.nn.Linear; normal is N(0, 1).",
        brought_by=("params",),
    )
    samples: int | None = option.integer(
        100,
        "How many samples to draw from U[0,1]; with --data, how many of those there, all by "
        "default.",
        at_least=1,
        at_most=2**53,
        brought_by=("data",),
    )
    seed: int | None = option.integer(
        0,
        "The seed of weights and samples.",
        at_least=0,
        brought_by=("params", "data"),
        argument=True,
    )
    dtype: str = option.choice(
        "float32",
        catalogue.DTYPES,
        "The dtype of weights, samples and arithmetic.",
        brought_by=("module",),
        argument=True,
    )
    cast: bool = option.flag(
        "Round weights and samples that do not exist in --dtype; without it they are refused.",
        argument=True,
    )
