"""A baseline of a comparison in Python, if one is asked for."""

from collections.abc import Mapping

from compare.formats.atomic import staged_file
from compare.formats.places import Input, check_places, place_of
from compare.implementations.baseline import BaselineWriter
from compare.options.config import Config
from compare.pipeline.compare import Sink
from compare.problem.answers import Answer, name_parameters
from compare.problem.problem import Problem
from compare.results import Report

_OPTION = "--save_baseline"


class SavedBaseline:
    """Collects all gradients while they are compared; `write` saves them."""

    def __init__(
        self, config: Config, problem: Problem, n_brought: int, on_block: Sink | None
    ) -> None:
        """Takes the config, which says whether and where a file is to be.

        Raises:
          UsageError: if there are too many gradients to keep, or the file would replace one that is
            read or that this project did not write.
        """
        self._path, self._on_block, self._writer = config.save_baseline, on_block, None
        if self._path is None:
            return
        read = [] if config.baseline is None else [Input("--baseline", config.baseline)]
        check_places([place_of(self._path, option=_OPTION)], read)
        self._writer = BaselineWriter(problem, len(config.implementations) + n_brought)

    def add(self, start: int, answers: Mapping[str, Answer]) -> None:
        """Adds the answers to the next block, and passes them on."""
        if self._writer is not None:
            named = {name: name_parameters(one.grads, "in_out") for name, one in answers.items()}
            self._writer.add(named)
        if self._on_block is not None:
            self._on_block(start, answers)

    def write(self, report: Report) -> None:
        """Writes the file, with what was found.

        Raises:
          UsageError: if it cannot be written.
        """
        if self._writer is None or self._path is None:
            return
        with staged_file(self._path, option=_OPTION) as file:
            self._writer.write(file, report)
