"""All the options of one run, checked."""

import dataclasses
import os
import re

from compare.catalogue import (
    ACTIVATIONS,
    CANDIDATE_ARRAYS,
    DTYPES,
    IMPLEMENTATIONS,
    INITS,
    LAYOUTS,
    MATMUL_PRECISIONS,
    WEIGHT_FILES,
)
from compare.errors import UsageError

DEVICE = re.compile(r"cpu|gpu|all|(cpu|cuda):\d{1,4}")
FAIL_ON = ("disagree", "undecided", "warning")
DUMPS = ("auto", "text", "npz", "none")

# How a run is run, which changes nothing in what it finds.
PROCESSES = ("coordinator_address", "num_processes", "process_id")
RUNNING = ("quiet", "restart", "html", "plots", "verbose", *PROCESSES)

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
    cast: bool = False
    device: str = "cpu"
    matmul_precision: str = "highest"
    deterministic: bool = False
    repeats: int = 0
    layout: str = "in_out"
    implementations: tuple[str, ...] = IMPLEMENTATIONS[:3]
    candidate: tuple[str, ...] = ()
    candidate_arrays: str = "numpy"
    candidate_batched: bool = False
    gradients: tuple[str, ...] = ()
    only_sample: int | None = None
    baseline: str | None = None
    save_baseline: str | None = None
    save_params: str | None = None
    params: str | None = None
    data: str | None = None
    out: str = "out"
    dumps: str = "auto"
    split_dumps: bool = False
    trace: int | None = None
    witness: int = 3
    fail_on: str = "undecided"
    html: bool = False
    plots: str | None = None
    verbose: bool = False
    quiet: bool = False
    restart: bool = False
    coordinator_address: str | None = None
    num_processes: int | None = None
    process_id: int | None = None

    def __post_init__(self) -> None:
        self._check_types()
        _check_choice("activation", self.activation, ACTIVATIONS)
        if self.init is not None:
            _check_choice("init", self.init, INITS)
        _check_choice("dtype", self.dtype, DTYPES)
        _check_device(self.device)
        _check_choice("matmul_precision", self.matmul_precision, MATMUL_PRECISIONS)
        _check_choice("layout", self.layout, LAYOUTS)
        _check_choice("dumps", self.dumps, DUMPS)
        _check_choice("fail_on", self.fail_on, FAIL_ON)
        _check_layer_sizes(self.layer_sizes)
        _check_choice("candidate_arrays", self.candidate_arrays, CANDIDATE_ARRAYS)
        _check_implementations(self.implementations, len(self.candidate) + len(self.gradients))
        _check_sample("trace", self.trace, self.samples)
        _check_sample("only_sample", self.only_sample, self.samples)
        if self.only_sample is not None and self.dumps in ("text", "npz"):
            raise UsageError(
                f"dumps: --only_sample={self.only_sample} computes one sample and dumps none; "
                f"drop --dumps={self.dumps}"
            )
        if self.trace is not None and self.only_sample not in (None, self.trace):
            raise UsageError(
                f"trace: --only_sample={self.only_sample} looks at that sample alone; pass "
                f"--trace={self.only_sample} or drop one of the two"
            )
        if self.save_baseline is not None and self.only_sample is not None:
            raise UsageError("save_baseline: a baseline is of all samples; drop --only_sample")
        self._check_files()
        self._check_processes()
        for option, folder in (("out", self.out), ("plots", self.plots)):
            if folder == "":
                raise UsageError(f"--{option}: expected a folder to write into, got an empty name")
        if self.samples is not None and self.samples < 1:
            raise UsageError(f"samples: expected a positive integer, got {self.samples}")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"seed: expected an integer of at least 0, got {self.seed}")

    def _check_types(self) -> None:
        for name in ("cast", "candidate_batched", "deterministic"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise UsageError(f"{name}: expected True or False, got {value!r}")
        for name in ("repeats", "witness"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 0:
                raise UsageError(f"{name}: expected an integer of at least 0, got {value!r}")

    def _check_processes(self) -> None:
        given = [name for name in PROCESSES if getattr(self, name) is not None]
        if given and len(given) < len(PROCESSES):
            raise UsageError(
                f"{given[0]}: expected --coordinator_address=HOST:PORT, --num_processes and "
                f"--process_id together, got {', '.join(given)} alone"
            )
        if not given:
            return
        assert self.num_processes is not None
        assert self.process_id is not None
        host, _, port = str(self.coordinator_address).rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 2**16:
            raise UsageError(
                "coordinator_address: expected HOST:PORT of the first process, such as "
                f"127.0.0.1:1234, got {self.coordinator_address}"
            )
        if not 0 <= self.process_id < self.num_processes:
            raise UsageError(
                f"process_id: expected one of 0 to {self.num_processes - 1}, got {self.process_id}"
            )

    def _check_files(self) -> None:
        params = self.save_params
        if params is not None and os.path.splitext(params)[1].lower() not in WEIGHT_FILES:
            raise UsageError(
                f"--save_params {params}: expected a file named {', '.join(WEIGHT_FILES)}, to "
                "know the format"
            )
        taken = [self.params, self.data, self.baseline, *self.gradients]
        others = {os.path.realpath(path) for path in taken if path is not None}
        for option in ("save_params", "save_baseline"):
            path = getattr(self, option)
            if path is not None:
                if os.path.realpath(path) in others:
                    raise UsageError(
                        f"--{option} {path}: expected another file than those that this run reads "
                        "or writes"
                    )
                others.add(os.path.realpath(path))


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"{option}: expected one of {', '.join(choices)}, got {value!r}")


def _check_device(device: str) -> None:
    if not isinstance(device, str) or not DEVICE.fullmatch(device):
        raise UsageError(
            f"device: expected cpu, gpu, one of them such as cuda:0, or all; got {device!r}"
        )


def _check_layer_sizes(sizes: tuple[int, ...] | None) -> None:
    if sizes is None:
        return
    if len(sizes) < 2 or any(not 1 <= n < 2**31 for n in sizes):
        raise UsageError(
            "layer_sizes: expected at least two positive integers, inputs first and outputs last, "
            f"such as 2,10,10,1; got {','.join(map(str, sizes)) or 'none'}"
        )


def _check_sample(option: str, sample: int | None, samples: int | None) -> None:
    if sample is not None and not 0 <= sample < (samples or float("inf")):
        raise UsageError(
            f"{option}: expected the number of one of {samples or 'the'} samples, counted from 0, "
            f"got {sample}"
        )


def _check_implementations(names: tuple[str, ...], brought: int) -> None:
    for name in names:
        _check_choice("implementations", name, IMPLEMENTATIONS)
    if len(names) + brought < 2 or len(set(names)) < len(names):
        raise UsageError(
            "implementations: expected at least two different names out of "
            f"{', '.join(IMPLEMENTATIONS)}; got {','.join(names) or 'none'}"
        )
