"""The files of one run, written together when it succeeds, or not at all."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from compare.formats.atomic import Staging, staged_file, writing_told
from compare.formats.layouts import in_layout
from compare.formats.places import Place, check_places, place_of, places_in
from compare.formats.read.safetensors import import_safetensors
from compare.formats.write.dumps import Dumps, dump_format, dump_names
from compare.formats.write.params import write_params
from compare.implementations.base import Implementation
from compare.implementations.baseline import BaselineWriter
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.options.inputs import inputs_of
from compare.options.signals import signals_held_back
from compare.problem.answers import NamedGrads
from compare.problem.problem import Problem
from compare.report.json.write import report_to_json
from compare.report.reckoning import check_room
from compare.report.visuals import Visuals
from compare.results import Report


class Outputs:
    """The report, dumps, a baseline and weights; a context manager."""

    def __init__(self, config: Config, problem: Problem, brought: Sequence[Implementation]) -> None:
        """Takes the config, its sizes and samples known, and what the user brings.

        Raises:
          UsageError: if a file is in the way of one that is to be written, there are more gradients
            than there is room for, or a package is not installed that writes weights, or draws, as
            asked.
        """
        if config.save_params is not None and config.save_params.lower().endswith(".safetensors"):
            import_safetensors(f"--save_params {config.save_params}")
        self._visuals = Visuals(html=config.html, plots=config.plots)
        self._config = dataclasses.replace(config, layout=problem.layout)
        self._problem = problem
        self._stack = contextlib.ExitStack()
        self._baseline: BaselineWriter | None = None
        self._named = {
            option: path
            for option, path in (
                ("--save_params", config.save_params),
                ("--save_baseline", config.save_baseline),
            )
            if path is not None
        }
        check_places(self._places(brought), list(inputs_of(config)))
        check_room(config, problem, len(brought))

    def _places(self, brought: Sequence[Implementation]) -> list[Place]:
        """Returns where everything is to appear."""
        config = self._config
        stems = [IMPLEMENTATIONS[name].dump_stem for name in config.implementations]
        if config.device == "all":  # what devices there are is not known yet
            stems += [f"{stem}@*" for stem in stems]
        names = dump_names(config, [*stems, *(one.file_stem for one in brought)])
        return [
            *(place_of(path, option=option) for option, path in self._named.items()),
            *places_in(config.out, ["report.json", *names], option="--out"),
            *self._visuals.places(config.out),
        ]

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
            if "--save_baseline" in self._files:
                file = stack.enter_context(open(self._files["--save_baseline"], "wb"))
                self._baseline = BaselineWriter(file, self._problem)
            stack.enter_context(self._visuals)
            self._dumps = stack.enter_context(Dumps(self._staging, self._config))
            self._stack = stack.pop_all()
        return self

    @property
    def need_gradients(self) -> bool:
        """Whether `write` needs the gradients."""
        return self._config.save_baseline is not None or dump_format(self._config) != "none"

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
        """
        text = report_to_json(report)
        with writing_told(self._config.out, option="--out"):
            self._write_gradients(blocks, stems)
            self._staging.path("report.json").write_text(text, encoding="utf-8")
            self._visuals.write(self._staging, json.loads(text))
        if "--save_params" in self._files:
            with self._told("--save_params"):
                self._write_params()
        if self._baseline is not None:
            with self._told("--save_baseline"):
                self._baseline.finish(report)

    def _told(self, option: str) -> contextlib.AbstractContextManager[None]:
        """Has errors of writing told of the option that names the file."""
        return writing_told(os.path.dirname(self._named[option]) or ".", option=option)

    def _write_params(self) -> None:
        option = "--save_params"
        write_params(
            self._files[option],
            self._problem.params,
            suffix=os.path.splitext(self._named[option])[1].lower(),
            layout=self._problem.layout,
            biases=self._problem.network.biases,
        )

    def _write_gradients(
        self, blocks: Iterable[tuple[int, NamedGrads]], stems: Mapping[str, str]
    ) -> None:
        for start, grads in blocks:
            layout = self._problem.layout
            self._dumps.add(
                start, {stems[name]: _turned(one, layout) for name, one in grads.items()}
            )
            if self._baseline is not None:
                with self._told("--save_baseline"):
                    self._baseline.add(grads)
        self._dumps.finish()

    def __exit__(self, *raised: object) -> None:
        """Lets all files appear, or removes them after an exception; no signal comes between."""
        with signals_held_back():
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
