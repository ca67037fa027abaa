"""All the options of one run, checked."""

import dataclasses

from compare.errors import UsageError

# The names in jaxmlp.ACTIVATIONS and jaxmlp.mlp.INITS, written out so that a mistyped flag is
# refused without loading jax first; a test holds the two together.
ACTIVATIONS = ("sigmoid", "tanh", "relu", "softplus", "silu", "gelu", "identity")
INITS = ("torch", "normal")
IMPLEMENTATIONS = ("jax_grad", "jax_manual", "torch_autograd", "numpy_manual")
DTYPES = ("float32", "float64")
DEVICES = ("cpu", "gpu")
LAYOUTS = ("in_out", "out_in")
FAIL_ON = ("disagree", "undecided", "warning")
DUMPS = ("auto", "text", "npz", "none")

LARGEST_TEXT_DUMP = 1000  # samples; --dumps=auto writes text up to here


@dataclasses.dataclass(frozen=True)
class Config:
    """What to compare and what to write.

    `layer_sizes`, `init` and `seed` are None where weights are brought, `samples` is None for "all
    there are" where data is brought; `problem` fills in what it finds.

    Raises:
      UsageError: for a value that cannot be.
    """

    layer_sizes: tuple[int, ...] | None = (2, 10, 10, 1)
    activation: str = "sigmoid"
    init: str | None = "torch"
    samples: int | None = 100
    seed: int | None = 0
    dtype: str = "float32"
    device: str = "cpu"
    layout: str = "in_out"
    implementations: tuple[str, ...] = IMPLEMENTATIONS[:3]
    params: str | None = None
    data: str | None = None
    out: str = "out"
    dumps: str = "auto"
    split_dumps: bool = False
    trace: int | None = None
    witness: int = 3
    fail_on: str = "undecided"

    def __post_init__(self) -> None:
        _check_choice("activation", self.activation, ACTIVATIONS)
        if self.init is not None:
            _check_choice("init", self.init, INITS)
        _check_choice("dtype", self.dtype, DTYPES)
        _check_choice("device", self.device, DEVICES)
        _check_choice("layout", self.layout, LAYOUTS)
        _check_choice("dumps", self.dumps, DUMPS)
        _check_choice("fail_on", self.fail_on, FAIL_ON)
        _check_layer_sizes(self.layer_sizes)
        _check_implementations(self.implementations)
        if not self.out:
            raise UsageError("--out: expected a folder to write into, got an empty name")
        if self.samples is not None and self.samples < 1:
            raise UsageError(f"samples: expected a positive integer, got {self.samples}")
        if self.witness < 0:
            raise UsageError(f"witness: expected an integer of at least 0, got {self.witness}")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"seed: expected an integer of at least 0, got {self.seed}")
        if self.trace is not None and not 0 <= self.trace < (self.samples or float("inf")):
            raise UsageError(
                f"trace: expected the number of one of {self.samples or 'the'} samples, counted "
                f"from 0, got {self.trace}"
            )


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"{option}: expected one of {', '.join(choices)}, got {value!r}")


def _check_layer_sizes(sizes: tuple[int, ...] | None) -> None:
    if sizes is None:
        return
    if len(sizes) < 2 or any(not 1 <= n < 2**31 for n in sizes):
        raise UsageError(
            "layer_sizes: expected at least two positive integers, inputs first and outputs last, "
            f"such as 2,10,10,1; got {','.join(map(str, sizes)) or 'none'}"
        )


def _check_implementations(names: tuple[str, ...]) -> None:
    for name in names:
        _check_choice("implementations", name, IMPLEMENTATIONS)
    if len(names) < 2 or len(set(names)) < len(names):
        raise UsageError(
            "implementations: expected at least two different names out of "
            f"{', '.join(IMPLEMENTATIONS)}; got {','.join(names) or 'none'}"
        )
