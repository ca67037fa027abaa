"""The files of one run, written together when it succeeds, or not at all."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterable, Mapping

import numpy as np

from compare.errors import UsageError
from compare.formats.atomic import Staging, staged_file
from compare.formats.layouts import in_layout
from compare.formats.read.safetensors import import_safetensors
from compare.formats.write.dumps import Dumps, dump_format
from compare.formats.write.params import write_params
from compare.implementations.baseline import BaselineWriter
from compare.options.config import Config
from compare.problem.answers import NamedGrads
from compare.problem.problem import Problem
from compare.report.json.write import report_to_json
from compare.report.visuals import Visuals
from compare.results import Report


class Outputs:
    """The report, dumps, a baseline and weights; a context manager."""

    def __init__(self, config: Config, problem: Problem, n_implementations: int) -> None:
        """Takes the config, its sizes and samples known.

        Raises:
          UsageError: if there are more gradients than a baseline can keep, or a package is not
            installed that writes weights, or draws, as asked.
        """
        if config.save_params is not None and config.save_params.lower().endswith(".safetensors"):
            import_safetensors(f"--save_params {config.save_params}")
        self._visuals = Visuals(html=config.html, plots=config.plots)
        self._config = dataclasses.replace(config, layout=problem.layout)
        self._problem = problem
        self._stack = contextlib.ExitStack()
        self._baseline = None
        if config.save_baseline is not None:
            self._baseline = BaselineWriter(problem, n_implementations)
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
            stack.enter_context(self._visuals)
            self._dumps = stack.enter_context(Dumps(self._staging, self._config))
            self._stack = stack.pop_all()
        return self

    @property
    def need_gradients(self) -> bool:
        """Whether `write` needs the gradients."""
        return self._baseline is not None or dump_format(self._config) != "none"

    def write(
        self,
        report: Report,
        blocks: Iterable[tuple[int, NamedGrads]],
        stems: Mapping[str, str],
    ) -> None:
        """Writes everything.

        Args:
          report: what was found.
          blocks: (first sample, gradients) in order, if they are needed.
          stems: implementation -> what the names of its files begin with.

        Raises:
          UsageError: if two files have one name.
        """
        self._write_gradients(blocks, stems)
        text = report_to_json(report)
        self._staging.path("report.json").write_text(text, encoding="utf-8")
        self._visuals.write(self._staging, json.loads(text))
        self._check_distinct_paths()
        if "--save_params" in self._files:
            file, layout = self._files["--save_params"], self._problem.layout
            suffix = os.path.splitext(self._named["--save_params"])[1].lower()
            write_params(file, self._problem.params, suffix=suffix, layout=layout)
        if self._baseline is not None:
            self._baseline.write(self._files["--save_baseline"], report)

    def _write_gradients(
        self, blocks: Iterable[tuple[int, NamedGrads]], stems: Mapping[str, str]
    ) -> None:
        for start, grads in blocks:
            layout = self._problem.layout
            self._dumps.add(
                start, {stems[name]: _turned(one, layout) for name, one in grads.items()}
            )
            if self._baseline is not None:
                self._baseline.add(grads)
        self._dumps.finish()

    def _check_distinct_paths(self) -> None:
        for option, path in self._named.items():
            for name in self._staging.names:
                if os.path.realpath(name) == os.path.realpath(path):
                    raise UsageError(f"{option} {path}: this run writes {name} too; choose another")

    def __exit__(self, *raised: object) -> None:
        """Lets all files appear, or removes them after an exception."""
        self._stack.__exit__(*raised)  # type: ignore[arg-type]

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of all files written."""
        return (*self._staging.names, *self._visuals.names, *self._named.values())


def _turned(arrays: Mapping[str, np.ndarray], layout: str) -> dict[str, np.ndarray]:
    """Puts the weight matrices among the parameters into a layout."""
    return {
        name: in_layout(array, layout) if name.startswith("w") else array
        for name, array in arrays.items()
    }
