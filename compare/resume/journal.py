"""The state of a run, saved in --out every few seconds, so that a run that ends early can go on.

`.unfinished/` holds the evidence of the blocks that each process has examined and, if they are to
be written, their gradients. A state holds the identity of its run: flags, versions, processor,
and what is in the files that it reads, in this project's own and in those that a user's code
imports or opens. A run with another identity does not go on from it.
"""

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from compare.errors import UsageError
from compare.formats.atomic import Staging
from compare.options.config import Config
from compare.options.signals import check_signals, signals_held_back
from compare.pipeline.collect import Collection, Findings
from compare.pipeline.schedule import Examination
from compare.problem.answers import Answer, NamedGrads
from compare.problem.blocks import Block
from compare.resume.block_gradients import BlockGradients
from compare.resume.folder import StateFolder, sync, sync_written
from compare.resume.identity import Identity, refused
from compare.resume.processes import Share, wait_until
from compare.resume.sources import UserFiles
from compare.resume.state import State, read_state, set_aside, write_state
from jaxmlp.base import Params

_EVERY = 2.0  # seconds from state to state: how much a run that is killed has to do again


class Journal:
    """The state of one process of a run; a context manager that keeps other runs out."""

    def __init__(
        self,
        config: Config,
        share: Share,
        files: UserFiles,
        *,
        gradients: bool,
        weights: Params = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes what says which run this is.

        Args:
          config: its sizes and samples known.
          share: which process this is.
          files: notes what the candidates import and open.
          gradients: whether to keep gradients too, for `blocks`.
          weights: those of a module, which no flag and no file settles.
          clock: returns the time in seconds.
        """
        self._config, self._share = config, share
        self._identity = Identity(config, files, weights)
        self._folder = StateFolder(config.out)
        self._state = self._folder.state(share.process, share.processes)
        self._gradients = BlockGradients(self._folder.path) if gradients else None
        self._clock, self._next = clock, clock() + _EVERY
        self._starts = range(0)  # of all blocks of the run
        self.total = 0  # samples of this process
        self.samples = self._blocks = 0  # done
        self.saved: int | None = None  # samples in the last state on disk

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *raised: object) -> None:
        """Lets other runs in; the folder stays if it holds a state, or may soon hold one."""
        if self._share.processes == 1 and not self._folder.processes():
            self._folder.remove()
        self._folder.unlock()

    def keep_others_out(self) -> None:
        """Lets no other run write into --out from here on.

        Raises:
          UsageError: if one does.
        """
        self._folder.lock(self._share.process)

    def begin(self, starts: range, evidence: Collection) -> range:
        """Goes on from the state that an earlier run has left, if there is one.

        Args:
          starts: the first samples of all blocks of the run.
          evidence: to which the earlier evidence is added.

        Returns:
          The first samples of the blocks that this process has still to do.

        Raises:
          UsageError: if a state has another identity.
          KeyboardInterrupt: if a signal has come.
        """
        if self._folder.path.exists():
            self._folder.lock(self._share.process)
        for then in self._folder.processes():
            if then != str(self._share.processes):
                difference = f"num_processes: {then} then, {self._share.processes} now"
                raise refused(self._config.out, difference)
        state = self._read(self._share.process)
        if state is not None:
            self._take_up(state, evidence)
        self._starts, mine = starts, self._share.of(starts)
        if mine:
            assert self._config.samples is not None
            self.total = min(mine[-1] + starts.step, self._config.samples) - mine[0]
        check_signals()
        return mine[self._blocks :]

    def add(
        self, block: Block, answers: Mapping[str, Answer], found: Findings, evidence: Collection
    ) -> None:
        """Adds the findings of one more block to the evidence, and saves if it is time to.

        Raises:
          UsageError: if the state cannot be saved, as on a full disk.
          KeyboardInterrupt: if a signal has come; the block is added.
        """
        with signals_held_back():  # so that a block is added as a whole or not at all
            evidence.add(found)
            self._blocks += 1
            self.samples += block.size
            if self._gradients is not None:
                self._gradients.add(block.start, answers)
            full = self._gradients is not None and self._gradients.full
            if full or self._clock() >= self._next:
                self.save(evidence)
        check_signals()

    def save(self, evidence: Collection, *, complete: bool = False) -> None:
        """Writes gradients and then the state; each appears whole, or not at all.

        Raises:
          UsageError: if that fails; the last good state stays.
        """
        self._folder.lock(self._share.process)
        try:
            with signals_held_back():
                if self._gradients is not None:
                    self._gradients.flush()
                state = State(
                    self._state.stem,
                    self._identity.values,
                    self._blocks,
                    self.samples,
                    complete,
                    found=evidence.to_json(),
                    imports=self._identity.files.imported,
                    opened=self._identity.files.opened,
                    gradients={} if self._gradients is None else self._gradients.digests,
                )
                with Staging(self._folder.path, option="--out") as staging:
                    write_state(staging.path(self._state.name), state)
                sync(self._folder.path)
                self.saved = self.samples
        except (OSError, UsageError) as error:
            why = getattr(error, "strerror", None) or str(error).rpartition(": ")[2]
            raise UsageError(
                f"--out {self._folder.path}: the state cannot be saved: {why}; of {self.samples:,} "
                f"samples computed, {self.saved or 0:,} are saved, from where the same command "
                "goes on once it can"
            ) from None
        self._next = self._clock() + _EVERY

    def interrupted(self) -> KeyboardInterrupt:
        """Returns the interrupt, saying how the run can go on."""
        if self.saved is not None:
            kept = f"{self.saved:,} of {self.total:,} samples are saved in {self._folder.path}"
        elif self._state.exists():
            kept = f"what an earlier run has saved is still in {self._folder.path}"
        else:
            return KeyboardInterrupt("interrupted; nothing is saved: the same command begins anew")
        return KeyboardInterrupt(
            f"interrupted; {kept}: the same command goes on from there, and with --restart it "
            "begins anew"
        )

    def blocks(self, examined: Examination) -> Iterator[tuple[int, NamedGrads]]:
        """Yields the gradients of all processes in order of samples, if they are to be written.

        Args:
          examined: computes a block again whose file is not as it was written.
        """
        if self._gradients is not None:
            yield from self._gradients.read(self._starts, examined.answer_again)

    def add_others(self, evidence: Collection) -> None:
        """Waits for the evidence of the other processes, and adds it."""
        for process in range(self._share.processes):
            if process != self._share.process:
                wait_until(functools.partial(self._is_complete, process))
                state = self._read(process)
                assert state is not None
                evidence.add(evidence.from_json(state.found))
                self._take_over_gradients(state)

    def wait_for_report(self) -> None:
        """Waits until the first process has written everything."""
        wait_until(lambda: not self._folder.path.exists())

    def finish(self, written: Sequence[str]) -> None:
        """Removes the state, once all files that were written are on disk.

        Raises:
          UsageError: if the disk fails; the state stays.
        """
        if self.saved is not None:
            sync_written(written, self._config.out)
        self._folder.remove()

    def _take_up(self, state: State, evidence: Collection) -> None:
        """Goes on from a state, unless another version of compare has written it."""
        try:
            found = evidence.from_json(state.found)
        except (KeyError, TypeError, ValueError):
            set_aside(self._state, "is of another version of compare")
            return
        evidence.add(found)
        self._take_over_gradients(state)
        self._blocks, self.samples = state.blocks, state.samples
        self.saved = self.samples

    def _take_over_gradients(self, state: State) -> None:
        if self._gradients is not None:
            self._gradients.digests.update(state.gradients)

    def _read(self, process: int) -> State | None:
        """Reads the state of a process, if there is one that can be used.

        Raises:
          UsageError: if it cannot be read, or has another identity.
        """
        state = read_state(self._folder.state(process, self._share.processes))
        if state is None:
            return None
        here = process == self._share.process
        difference = self._identity.difference(state, here=here)
        if difference is not None:
            raise refused(self._config.out, difference)
        return state

    def _is_complete(self, process: int) -> bool:
        state = self._read(process)
        return state is not None and state.complete
