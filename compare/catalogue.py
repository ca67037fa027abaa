"""The names there are.

They are written out, so that a mistyped one is refused without loading JAX or torch; a test asserts
that every table that is keyed by such names has them all.
"""

DTYPES = ("float64", "float32", "bfloat16", "float16")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "softplus", "silu", "gelu", "identity")
OUTPUTS = ("linear", "sigmoid", "tanh", "softmax")
LOSSES = (
    *("squared", "half_squared", "mean_squared", "cross_entropy", "binary_cross_entropy"),
    *("huber", "absolute", "hinge"),
)
_OUTPUTS_OF = {  # those of any output are left out
    "cross_entropy": ("softmax",),
    "binary_cross_entropy": ("sigmoid",),
    "hinge": ("linear", "tanh"),
}
OUTPUTS_OF = {loss: _OUTPUTS_OF.get(loss, OUTPUTS) for loss in LOSSES}
ENDS = tuple((output, loss) for loss, outputs in OUTPUTS_OF.items() for output in outputs)
BIASES = ("all", "none")
INITS = ("torch", "normal")
LAYOUTS = ("in_out", "out_in")
IMPLEMENTATIONS = ("jax_grad", "jax_manual", "torch_autograd", "numpy_manual")
MATMUL_PRECISIONS = ("highest", "high", "default")
CANDIDATE_RETURNS = ("gradients", "update")
CANDIDATE_ARRAYS = ("numpy", "torch", "jax")
REDUCTIONS = ("mean", "sum")
WEIGHT_FILES = (".npz", ".pt", ".pth", ".safetensors")
VERDICTS = ("agree", "disagree", "undecided")


def words_of_end(output: str, loss: str, l2: float) -> str:
    """Returns ', softmax, cross-entropy, L2 0.01': what follows on the layers of a network.

    A linear output, squared error and no penalty go without saying.
    """
    output = output_of(output, loss)
    named = [output] * (output != "linear")
    named += [loss.replace("_", "-")] * (loss != "squared")
    named += [f"L2 {l2:g}"] * bool(l2)
    return "".join(f", {one}" for one in named)


def output_of(output: str, loss: str) -> str:
    """Returns the output activation that is meant.

    A linear output beside a cross-entropy is one of logits: the loss then has the softmax or the
    sigmoid in it, as in torch.nn.CrossEntropyLoss and BCEWithLogitsLoss.
    """
    return OUTPUTS_OF[loss][0] if output == "linear" else output
