"""The names there are.

They are written out, so that a mistyped one is refused without loading JAX or torch; a test asserts
that every table that is keyed by such names has them all.
"""

DTYPES = ("float64", "float32", "bfloat16", "float16")
ACTIVATIONS = (
    *("sigmoid", "tanh", "relu", "softplus", "silu", "gelu", "identity"),
    *("leaky_relu", "elu", "selu", "gelu_erf", "relu6", "hard_tanh", "hard_sigmoid", "hard_swish"),
    *("mish", "softsign"),
)
LOSSES = ("squared",)
INITS = ("torch", "normal")
LAYOUTS = ("in_out", "out_in")
IMPLEMENTATIONS = ("jax_grad", "jax_manual", "torch_autograd", "numpy_manual")
MATMUL_PRECISIONS = ("highest", "high", "default")
CANDIDATE_ARRAYS = ("numpy", "torch", "jax")
WEIGHT_FILES = (".npz", ".pt", ".pth", ".safetensors")
VERDICTS = ("agree", "disagree", "undecided")
