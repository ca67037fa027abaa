"""A run's state, saved in --out every few seconds, so that what ends early can go on.

`.unfinished/` holds the evidence of the blocks that each process has examined and, if they are to
be written, their gradients. A state says what it is of: flags, versions, processor, files read; a
run of anything else does not go on from it.
"""

import contextlib
import functools
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from compare.errors import UsageError
from compare.formats.atomic import Staging
from compare.options.config import Config
from compare.pipeline.collect import Collection, Findings
from compare.problem.answers import Answer, NamedGrads
from compare.problem.blocks import Block
from compare.resume import locks
from compare.resume.identity import first_difference, identity_of
from compare.resume.interrupts import uninterrupted
from compare.resume.kept_blocks import KeptBlocks
from compare.resume.processes import Share, wait_until

_FOLDER = ".unfinished"
_PREFIX = "process_"  # of the names in it
_EVERY = 2.0  # seconds from state to state: what a run that is killed has to do again


class Journal:
    """The state of one process of a run; a context manager that keeps other runs out."""

    def __init__(
        self,
        config: Config,
        share: Share,
        *,
        gradients: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes the config, its sizes and samples known.

        Args:
          config: of the run.
          share: which process this is.
          gradients: whether to keep them too, for `blocks`.
          clock: seconds.
        """
        self._config, self._share = config, share
        self._identity = identity_of(config)
        self._folder = Path(config.out, _FOLDER)
        self._kept = KeptBlocks(self._folder) if gradients else None
        self._clock, self._next = clock, clock() + _EVERY
        self._starts = range(0)  # of all blocks of the run
        self.total = 0  # samples of this process
        self.samples = self._blocks = 0  # done
        self.saved: int | None = None  # samples in the last state on disk
        self._locked: IO[bytes] | None = None

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *raised: object) -> None:
        """Lets others in."""
        if self._locked is not None:
            self._locked.close()

    def begin(self, starts: range, evidence: Collection) -> range:
        """Takes up what an earlier run has left.

        Args:
          starts: of all blocks of the run.
          evidence: to which it is added.

        Returns:
          The blocks that this process has to do yet.

        Raises:
          UsageError: if a state is of another run.
        """
        if self._folder.exists():
            self._lock()
        for path in sorted(self._folder.glob("process_*_of_*.json")):
            if not path.name.endswith(f"_of_{self._share.processes}.json"):
                then = path.stem.rpartition("_")[2]
                raise self._refused(f"num_processes: {then} then, {self._share.processes} now")
        state = self._read(self._share.process)
        if state is not None:
            evidence.add(evidence.from_json(state["found"]))
            self._blocks, self.samples = state["blocks"], state["samples"]
            self.saved = self.samples
        self._starts, mine = starts, self._share.of(starts)
        if mine:
            assert self._config.samples is not None
            self.total = min(mine[-1] + starts.step, self._config.samples) - mine[0]
        return mine[self._blocks :]

    def add(
        self, block: Block, answers: Mapping[str, Answer], found: Findings, evidence: Collection
    ) -> None:
        """Adds what was found of one more block to the evidence, and saves if it is time to.

        Raises:
          UsageError: if the state cannot be saved, as on a full disk.
        """
        with uninterrupted():  # a block is wholly in, or not at all
            evidence.add(found)
            self._blocks += 1
            self.samples += block.size
            if self._kept is not None:
                self._kept.add(block.start, answers)
            if self._clock() >= self._next or (self._kept is not None and self._kept.full):
                self.save(evidence)

    def save(self, evidence: Collection, *, complete: bool = False) -> None:
        """Writes gradients and then the state; each appears whole, or not at all.

        Raises:
          UsageError: if that fails; the last good state stays.
        """
        state = {
            "of": self._identity,
            "blocks": self._blocks,
            "samples": self.samples,
            "complete": complete,
            "found": evidence.to_json(),
        }
        self._lock()
        try:
            with uninterrupted():
                if self._kept is not None:
                    self._kept.flush()
                with Staging(self._folder, option="--out") as staging:
                    staging.path(self._name(self._share.process)).write_bytes(_signed(state))
                self.saved = self.samples
        except (OSError, UsageError) as error:
            why = getattr(error, "strerror", None) or str(error).rpartition(": ")[2]
            raise UsageError(
                f"--out {self._folder}: the state cannot be saved: {why}; of {self.samples:,} "
                f"samples computed, {self.saved or 0:,} are saved, from where the same command "
                "goes on once it can"
            ) from None
        self._next = self._clock() + _EVERY

    def interrupted(self) -> KeyboardInterrupt:
        """Says how to go on."""
        if self.saved is None:
            return KeyboardInterrupt("interrupted; nothing was written")
        return KeyboardInterrupt(
            f"interrupted; {self.saved:,} of {self.total:,} samples are saved in {self._folder}: "
            "the same command goes on from there, and with --restart it begins anew"
        )

    def blocks(self) -> Iterator[tuple[int, NamedGrads]]:
        """Yields the gradients of all processes in order of samples, if they were kept.

        Raises:
          UsageError: if a file of them is damaged or missing.
        """
        if self._kept is not None:
            yield from self._kept.read(self._starts)

    def add_others(self, evidence: Collection) -> None:
        """Waits for what the other processes have found, and adds it."""
        for process in range(self._share.processes):
            if process != self._share.process:
                wait_until(functools.partial(self._is_complete, process))
                state = self._read(process)
                assert state is not None
                evidence.add(evidence.from_json(state["found"]))

    def wait_for_report(self) -> None:
        """Waits until the first process has written everything."""
        wait_until(lambda: not self._folder.exists())

    def finish(self) -> None:
        """Removes the state, once everything is written."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _lock(self) -> None:
        """Keeps other runs out of the folder, as long as this process lives.

        Raises:
          UsageError: if one is there.
        """
        if self._locked is not None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._locked = locks.take(self._folder / f"{_PREFIX}{self._share.process}.lock")
        except OSError as error:
            said = f"--out {self._folder}: expected a folder to keep a state in"
            raise UsageError(f"{said}: {error.strerror}; remove it") from None
        if self._locked is None:
            raise _in_use(self._config.out)

    def _name(self, process: int) -> str:
        return f"process_{process}_of_{self._share.processes}.json"

    def _read(self, process: int) -> dict[str, Any] | None:
        """Reads a state; a damaged one is set aside.

        Raises:
          UsageError: if it cannot be read, or is of another run.
        """
        path = self._folder / self._name(process)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"--out {path}: {error.strerror or error}") from None
        state = _checked(text)
        if state is None:
            aside = self._folder.parent / path.with_suffix(".damaged").name
            path.replace(aside)
            print(f"--out: {path} is damaged; it is now {aside}, and is not used", file=sys.stderr)
            return None
        difference = first_difference(state["of"], self._identity)
        if difference is not None:
            raise self._refused(difference)
        return state

    def _is_complete(self, process: int) -> bool:
        state = self._read(process)
        return state is not None and state["complete"]

    def _refused(self, difference: str) -> UsageError:
        return UsageError(
            f"--out {self._config.out}: it holds an unfinished run that was started otherwise "
            f"({difference}); start it as then to go on, pass --restart to begin anew, or choose "
            "another folder"
        )


def discard(out: str) -> None:
    """Removes what an unfinished run has left.

    Raises:
      UsageError: if it is running.
    """
    folder = Path(out, _FOLDER)
    if folder.is_file():
        folder.unlink()
    for path in folder.glob(f"{_PREFIX}*.lock"):
        with contextlib.suppress(FileNotFoundError):
            if locks.is_taken(path):
                raise _in_use(out)
    shutil.rmtree(folder, ignore_errors=True)


def _in_use(out: str) -> UsageError:
    return UsageError(
        f"--out {out}: expected a folder that no other run is writing into; wait for that run, or "
        "choose another folder"
    )


def _signed(state: dict[str, Any]) -> bytes:
    """The state as JSON, below a digest that tells whether it is whole."""
    text = json.dumps(state, allow_nan=False).encode()
    return hashlib.sha256(text).hexdigest().encode() + b"\n" + text


def _checked(text: bytes) -> dict[str, Any] | None:
    """Returns the state that `_signed` was given, or None."""
    digest, _, content = text.partition(b"\n")
    if digest != hashlib.sha256(content).hexdigest().encode():
        return None
    state: dict[str, Any] = json.loads(content)
    return state
