"""What a comparison of functions reads and writes beside its report, where that is asked for."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from compare.formats.atomic import staged_file
from compare.formats.places import Input, check_places, place_of
from compare.function_results import FunctionReport
from compare.implementations.programs.base import Program, Reference
from compare.implementations.programs.baseline import (
    FunctionBaseline,
    check_same,
    read_baseline,
    write_baseline,
)
from compare.implementations.programs.recordings import Recordings
from compare.options.arguments import path_text
from compare.pipeline.function_change import with_change
from compare.problem.function import Arguments, FunctionProblem
from compare.resume.saved_arguments import places_of_arguments, save_arguments


@dataclasses.dataclass(frozen=True)
class FunctionFiles:
    """A folder for arguments, the path of a new baseline, and an earlier one to compare with."""

    save: str | None
    baseline: FunctionBaseline | None
    save_baseline: str | None

    @classmethod
    def at(cls, *, save: object, baseline: object, save_baseline: object) -> "FunctionFiles":
        """Takes paths, or None for what is not asked for.

        Raises:
          UsageError: if one is no path, or would replace a file that is read or that this project
            did not write, or if a baseline cannot be read.
        """
        folder, new = path_text("save", save), path_text("save_baseline", save_baseline, "a file")
        earlier = path_text("baseline", baseline, "a file")
        places = [] if folder is None else places_of_arguments(folder)
        if new is not None:
            places.append(place_of(new, option="save_baseline"))
        check_places(places, [] if earlier is None else [Input("baseline", earlier)])
        return cls(folder, None if earlier is None else read_baseline(earlier), new)


class FunctionRecords:
    """What is kept of one comparison for its files."""

    def __init__(self, files: FunctionFiles, problem: FunctionProblem, inside: np.dtype) -> None:
        """Takes a problem, and the dtype in which programs compute.

        Raises:
          UsageError: if a baseline is of other arguments.
        """
        self._files, self._problem, self._inside = files, problem, inside
        self._kept = Recordings({problem.dtype, inside})
        if files.baseline is not None:
            check_same(files.baseline, problem, inside)

    def noting(self, one: Program) -> Program:
        """Returns a program that does the same, and whose recording is kept if a file needs it."""
        is_needed = self._files.baseline is not None or self._files.save_baseline is not None
        return self._kept.keeping(one) if is_needed else one

    def noting_reference(self, one: Reference) -> Reference:
        """Does the same for a reference."""
        return dataclasses.replace(one, program=self.noting(one.program))

    def finish(
        self, report: FunctionReport, inputs: Arguments, options: Mapping[str, str]
    ) -> FunctionReport:
        """Writes what was asked for, and returns a report that says so.

        Args:
          report: what was found.
          inputs: the arguments that the caller has given.
          options: of the call, as Python source.

        Raises:
          UsageError: if something cannot be written.
        """
        files, recordings = self._files, self._kept.by_name
        if files.baseline is not None:
            report = with_change(report, files.baseline, recordings)
        if files.save_baseline is not None:
            with staged_file(files.save_baseline, option="save_baseline") as path:
                write_baseline(path, report, recordings, self._problem, self._inside)
        if files.save is not None and report.verdict != "agree":
            lines = save_arguments(files.save, self._problem, inputs)
            given = "".join(f", {name}={source}" for name, source in options.items())
            call = f"compare_functions(reference, candidates, *args, cotangents=cotangents{given})"
            report = dataclasses.replace(report, reproduce=f"{lines}\n{call}")
        return report
