"""The files of one run, which appear together when it has got through, or not at all."""

import contextlib
import os
from collections.abc import Mapping

from compare.answers import Answer, name_parameters
from compare.baseline import Keeper
from compare.config import Config
from compare.errors import UsageError
from compare.problem import Problem
from compare.readers.safetensors import import_safetensors
from compare.report.base import Report
from compare.report.dat import Dumps
from compare.report.json import report_to_json
from compare.saved_params import write_params
from compare.staging import Staging, staged_file


class Outputs:
    """The report, dumps, a baseline and weights; a context manager, to be fed with blocks."""

    def __init__(self, config: Config, problem: Problem, n_implementations: int) -> None:
        """Takes the config, its sizes and samples known.

        Raises:
          UsageError: if there are more gradients than a baseline can keep, or the package that
            writes weights as asked is not installed.
        """
        if config.save_params is not None and config.save_params.lower().endswith(".safetensors"):
            import_safetensors(f"--save_params {config.save_params}")
        self._config, self._problem = config, problem
        self._stack = contextlib.ExitStack()
        self._keeper = None
        if config.save_baseline is not None:
            self._keeper = Keeper(problem, n_implementations)
        self._named = {
            option: path
            for option, path in (
                ("--save_params", config.save_params),
                ("--save_baseline", config.save_baseline),
            )
            if path is not None
        }

    def __enter__(self) -> "Outputs":
        """Makes sure that all files can be written.

        Raises:
          UsageError: if one cannot.
        """
        with contextlib.ExitStack() as stack:
            self._staging = stack.enter_context(Staging(self._config.out, option="--out"))
            self._files = {
                option: stack.enter_context(staged_file(path, option=option))
                for option, path in self._named.items()
            }
            self._dumps = stack.enter_context(Dumps(self._staging, self._config))
            self._stack = stack.pop_all()
        return self

    def add(self, start: int, answers: Mapping[str, Answer]) -> None:
        """Takes the answers to the next block."""
        layout = self._config.layout
        named = {k: name_parameters(answer.grads, layout) for k, answer in answers.items()}
        self._dumps.add(start, named)
        if self._keeper is not None:
            self._keeper.add(answers)

    def write(self, report: Report) -> None:
        """Writes what can only be written at the end.

        Raises:
          UsageError: if two files have one name.
        """
        self._dumps.finish()
        self._staging.path("report.json").write_text(report_to_json(report), encoding="utf-8")
        for option, path in self._named.items():
            for name in self._staging.names:
                if os.path.realpath(name) == os.path.realpath(path):
                    raise UsageError(f"{option} {path}: this run writes {name} too; choose another")
        if "--save_params" in self._files:
            file, layout = self._files["--save_params"], self._config.layout
            suffix = os.path.splitext(self._named["--save_params"])[1].lower()
            write_params(file, self._problem.params, suffix=suffix, layout=layout)
        if self._keeper is not None:
            self._keeper.write(self._files["--save_baseline"], report)

    def __exit__(self, *raised: object) -> None:
        """Lets all files appear, or removes them after an exception."""
        self._stack.__exit__(*raised)  # type: ignore[arg-type]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all files."""
        return (*self._staging.names, *self._named.values())
