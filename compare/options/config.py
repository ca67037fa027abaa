"""The options of one run, checked."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from compare.catalogue import IMPLEMENTATIONS, OUTPUTS_OF, output_of
from compare.errors import UsageError
from compare.options.option import Option, rows
from compare.options.run_options import Options

OPTIONS = rows(Options)
RUNNING = tuple(name for name, option in OPTIONS.items() if option.purpose == "running")
PROCESSES = ("coordinator_address", "num_processes", "process_id")


@dataclasses.dataclass(frozen=True)
class Config(Options):
    """What to compare and what to write.

    `layer_sizes`, `init` and `seed` are None where weights are brought, `samples` is None for "all
    there are" where data is brought; `problem` fills in what it finds.

    Raises:
      UsageError: for a value that cannot be, and for values that cannot be together.
    """

    def __post_init__(self) -> None:
        for name, option in OPTIONS.items():
            option.check_value(name, getattr(self, name))
        _check_end(self)
        _check_implementations(self)
        _check_update(self)
        _check_module(self)
        _check_samples(self)
        _check_batches(self)
        _check_processes(self)


def brought(option: Option, values: Mapping[str, Any]) -> bool:
    """Whether files bring what an option says; a module brings all that a file of weights does.

    Args:
      option: of `OPTIONS`.
      values: of all options, by name.
    """
    files = {name for name, value in values.items() if value is not None}
    if "module" in files:
        files.add("params")
    return bool(option.brought_by) and files.issuperset(option.brought_by)


def _check_end(config: Config) -> None:
    if config.module is not None and None in (config.loss, config.output):
        return  # the module will say
    if config.loss is None or config.output is None:  # which a module brings
        return
    check_end(config.output, config.loss)


def check_end(output: str, loss: str) -> None:
    """Checks that an output activation goes with a loss.

    Raises:
      UsageError: naming those that do.
    """
    fitting = OUTPUTS_OF[loss]
    if output_of(output, loss) not in fitting:
        raise UsageError(
            f"output: expected {' or '.join(fitting)} for --loss={loss}, got {output}; pass one of "
            "them, or another loss"
        )


def _check_implementations(config: Config) -> None:
    names = config.implementations
    more = len(config.candidate) + len(config.gradients) + (config.module is not None)
    if len(names) + more < 2 or len(set(names)) < len(names):
        raise UsageError(
            "implementations: expected at least two different names out of "
            f"{', '.join(IMPLEMENTATIONS)}; got {','.join(names) or 'none'}"
        )


def _check_update(config: Config) -> None:
    """Checks that a rate is there where it is needed, and nowhere else."""
    returns, rate = config.candidate_returns, config.learning_rate
    if returns == "update" and rate is None:
        raise UsageError(
            "learning_rate: expected the rate of the step that candidates take, a number above 0, "
            "got none with --candidate_returns=update"
        )
    if returns != "update" and rate is not None:
        raise UsageError(
            f"learning_rate: expected --candidate_returns=update beside it, got {rate:g} for "
            f"candidates that return {returns}"
        )


def _check_module(config: Config) -> None:
    if config.module is not None and config.params is not None:
        raise UsageError("params: --module brings the weights; drop one of the two")


def _check_samples(config: Config) -> None:
    """Checks what is asked of single samples."""
    only, trace = config.only_sample, config.trace
    for name, sample in (("trace", trace), ("only_sample", only)):
        if sample is not None and not 0 <= sample < (config.samples or float("inf")):
            raise UsageError(
                f"{name}: expected the number of one of {config.samples or 'the'} samples, "
                f"counted from 0, got {sample}"
            )
    if only is None:
        return
    if config.dumps in ("text", "npz"):
        raise UsageError(
            f"dumps: --only_sample={only} computes one sample and dumps none; "
            f"drop --dumps={config.dumps}"
        )
    if trace not in (None, only):
        raise UsageError(
            f"trace: --only_sample={only} looks at that sample alone; pass --trace={only} or drop "
            "one of the two"
        )
    if config.save_baseline is not None:
        raise UsageError("save_baseline: a baseline is of all samples; drop --only_sample")


def _check_batches(config: Config) -> None:
    size, n = config.batch_size, config.samples
    if config.reduction is None:
        if size is not None:
            raise UsageError(
                f"batch_size: a batch of {size} needs --reduction=mean or --reduction=sum, which "
                "says how its losses become one; pass one of them"
            )
        return
    if size is not None and n is not None and size > n:
        raise UsageError(f"batch_size: expected at most the {n:,} samples there are, got {size:,}")
    if config.candidate_batched:
        raise UsageError(
            f"candidate_batched: with --reduction={config.reduction} a candidate returns one "
            "gradient for all samples of a batch, without a leading N; drop one of the two"
        )
    if config.gradients and size is not None and n is not None and size < n:
        raise UsageError(
            f"batch_size: with --reduction={config.reduction}, --gradients holds the gradient of "
            f"one batch of all {n:,} samples, got a batch of {size:,}; drop --batch_size"
        )


def _check_processes(config: Config) -> None:
    given = [name for name in PROCESSES if getattr(config, name) is not None]
    if given and len(given) < len(PROCESSES):
        raise UsageError(
            f"{given[0]}: expected --coordinator_address=HOST:PORT, --num_processes and "
            f"--process_id together, got {', '.join(given)} alone"
        )
    if config.num_processes is None or config.process_id is None:
        return
    host, _, port = str(config.coordinator_address).rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 2**16:
        raise UsageError(
            "coordinator_address: expected HOST:PORT of the first process, such as "
            f"127.0.0.1:1234, got {config.coordinator_address}"
        )
    if config.process_id >= config.num_processes:
        raise UsageError(
            f"process_id: expected one of 0 to {config.num_processes - 1}, got {config.process_id}"
        )
