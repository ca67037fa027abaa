"""Several processes that share the samples of one run, by JAX's own runtime.

Each process takes a share of the blocks and saves its evidence in --out, which all must see. When
all are done, the first process reads it there. JAX ends the others when one of them dies.

That is all that JAX does for them: each computes as if it were alone. After `jax.distributed` had
brought them together, JAX would number the devices of all through, make the number part of every
compiled program and keep those of the first process alone. The others would compile anew, each
time, what it has compiled.
"""

import atexit
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from compare.errors import UsageError
from compare.options.config import Config
from compare.options.process_exit import exit_process
from compare.options.signals import check_signals, signals_end_process
from compare.quoting import quoted

_HEARTBEAT = 10  # seconds without a sign of life, after which JAX takes a process for dead
_POLL = 0.1  # seconds between two looks at a file
# How many processes a launcher has started, where it says so: Slurm's srun and Open MPI's mpirun.
_LAUNCHED = ("SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE")


class Share(NamedTuple):
    """Which of the processes this is, and how many there are."""

    process: int = 0
    processes: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that reports."""
        return self.process == 0

    def of(self, blocks: range) -> range:
        """Returns the blocks that this process computes, in order."""
        ends = [len(blocks) * i // self.processes for i in (self.process, self.process + 1)]
        return blocks[slice(*ends)]


def are_several(config: Config, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether other processes take part.

    JAX must not compute before they have met in `join`, where it learns which GPUs are its own.
    """
    launched = any(environment.get(name, "1") not in ("", "0", "1") for name in _LAUNCHED)
    return config.num_processes is not None or launched


def join(config: Config, environment: Mapping[str, str] = os.environ) -> Share:
    """Joins the other processes of this run, if there are any.

    Raises:
      UsageError: if that fails.
    """
    if not are_several(config, environment):
        return Share()
    # No public name meets without `jax.distributed`; what that calls has the same arguments.
    from jax._src.distributed import State

    meeting = State()
    if config.coordinator_address is not None:
        _check_address(config.coordinator_address, bind=config.process_id == 0)
        if not config.quiet:
            met = f"{config.num_processes} processes meet at {config.coordinator_address}"
            print(f"compare.run: waiting until {quoted(met)}", file=sys.stderr, flush=True)
    try:
        with signals_end_process():
            meeting.initialize(
                config.coordinator_address,
                config.num_processes,
                config.process_id,
                heartbeat_timeout_seconds=_HEARTBEAT,
            )
    except (RuntimeError, ValueError) as error:
        said = str(error).strip().partition("\n")[0]
        raise UsageError(f"coordinator_address: the processes cannot meet: {said}") from None
    atexit.register(meeting.shutdown)  # which waits until the others have got there
    atexit.register(_drop_out)  # comes first
    return Share(meeting.process_id, meeting.num_processes)


def _check_address(address: str, *, bind: bool) -> None:
    """Checks that the host is known and the port free, as JAX crashes where they are not."""
    host, _, port = address.rpartition(":")
    try:
        socket.getaddrinfo(host.strip("[]"), int(port))
    except (OSError, UnicodeError) as error:  # a name too long to be one is a UnicodeError
        why = getattr(error, "strerror", None) or "it is no name of a host"
        shown = host if len(host) < 100 else f"{host[:80]}..."
        raise UsageError(
            f"coordinator_address: expected a host that is known here, got {shown}: {why}"
        ) from None
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if bind:
                probe.bind(("", int(port)))
    except OSError as error:
        raise UsageError(
            f"coordinator_address: expected a free port, got {address}: {error.strerror}; take "
            "another one in all processes"
        ) from None


def leave() -> None:
    """Leaves the other processes, when all is done."""
    atexit.unregister(_drop_out)


def _drop_out() -> None:
    """Ends this process, which has failed, at once; JAX would wait minutes for the others."""
    sys.stdout.flush()
    sys.stderr.flush()
    exit_process(1)  # wrong usage, or a crash


def wait_until(done: Callable[[], bool]) -> None:
    """Waits until a condition holds, or raises KeyboardInterrupt if a signal has come."""
    while not done():
        check_signals()
        time.sleep(_POLL)
