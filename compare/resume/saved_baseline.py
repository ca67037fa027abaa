"""A baseline of a comparison in Python, if one is asked for."""

import contextlib
import os
from collections.abc import Mapping

from compare.formats.atomic import staged_file, writing_told
from compare.formats.places import Input, check_places, place_of
from compare.implementations.baseline import BaselineWriter
from compare.options.config import Config
from compare.pipeline.compare import Sink
from compare.problem.answers import Answer, name_parameters
from compare.problem.problem import Problem
from compare.report.reckoning import check_room_for_baseline
from compare.results import Report

_OPTION = "--save_baseline"


class SavedBaseline:
    """Writes all gradients while they are compared; a context manager.

    The file appears at the end of the block, or never.
    """

    def __init__(
        self, config: Config, problem: Problem, n_brought: int, on_block: Sink | None
    ) -> None:
        """Takes the config, which says whether and where a file is to be.

        Raises:
          UsageError: if there is no room for it, or it would replace one that is read or that this
            project did not write.
        """
        self._path, self._on_block, self._problem = config.save_baseline, on_block, problem
        self._writer: BaselineWriter | None = None
        self._stack = contextlib.ExitStack()
        if self._path is None:
            return
        read = [] if config.baseline is None else [Input("--baseline", config.baseline)]
        check_places([place_of(self._path, option=_OPTION)], read)
        check_room_for_baseline(config, problem, n_brought)

    def __enter__(self) -> "SavedBaseline":
        """Makes sure that the file can be written.

        Raises:
          UsageError: if it cannot.
        """
        if self._path is not None:
            with contextlib.ExitStack() as stack:
                staged = stack.enter_context(staged_file(self._path, option=_OPTION))
                file = stack.enter_context(open(staged, "wb"))
                self._writer = BaselineWriter(file, self._problem)
                self._stack = stack.pop_all()
        return self

    def add(self, start: int, answers: Mapping[str, Answer]) -> None:
        """Adds the answers to the next block, and passes them on.

        Raises:
          UsageError: if they cannot be written, as on a full disk.
        """
        if self._writer is not None:
            named = {name: name_parameters(one.grads, "in_out") for name, one in answers.items()}
            with self._told():
                self._writer.add(named)
        if self._on_block is not None:
            self._on_block(start, answers)

    def finish(self, report: Report) -> None:
        """Completes the file with what was found.

        Raises:
          UsageError: if it cannot be written.
        """
        if self._writer is not None:
            with self._told():
                self._writer.finish(report)

    def __exit__(self, *raised: object) -> None:
        """Lets the file appear, or removes it after an exception."""
        self._stack.__exit__(*raised)  # type: ignore[arg-type]

    def _told(self) -> contextlib.AbstractContextManager[None]:
        assert self._path is not None
        return writing_told(os.path.dirname(self._path) or ".", option=_OPTION)
