"""What is found out about one run of a program: everything once, and only if it is asked for."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from compare.evidence.local.certificate import Ends, certify, held_at_ends
from compare.evidence.local.check import Check, Checks
from compare.evidence.local.not_finite import cause_at
from compare.evidence.local.specification import Specification
from compare.implementations.programs.base import Program
from compare.problem.recording import Key, Recording, key_of
from compare.verdict.function_evidence import LOW, Evidence

_BY_DIGITS = (*LOW, "float32", "", "float64")


class Examiner(Protocol):
    """What is known of a reference, whatever program is held against it."""

    def specification(self, dtype: np.dtype) -> Specification:
        """Returns its equations in a dtype."""

    def ends(self, dtype: np.dtype) -> Ends:
        """Returns what they make from end to end."""

    def own(self, dtype: np.dtype) -> "RunEvidence":
        """Returns the evidence on itself."""

    def exact(self, program: Program) -> "RunEvidence | str":
        """Returns the evidence on a program in float64, or why there is none."""


class RunEvidence:
    """Evidence on a run of a program; see `compare.verdict.function_evidence`."""

    def __init__(
        self, examiner: Examiner, program: Program, recording: Recording, dtype: np.dtype
    ) -> None:
        self._examiner, self._program, self._dtype = examiner, program, dtype
        self.recording = recording
        self.specification = examiner.specification(dtype)

    @property
    def dtype(self) -> str:
        """The name of the dtype of results."""
        return self.specification.rounded_to.name

    @functools.cached_property
    def checks(self) -> Checks:
        """From each place to the next, in the order of the data."""
        return certify(self.specification, self.recording)

    @property
    def is_whole(self) -> bool:
        """Whether every place of the reference was recorded."""
        return not self.missing

    @property
    def missing(self) -> list[Key]:
        """The places of the reference that were not recorded, or in another shape."""
        known = {one.key for one in self.checks}
        return [key for key in self.specification.places if key not in known]

    @property
    def unknown(self) -> list[Key]:
        """The places that were recorded, and that the reference has not."""
        known = self.specification.places
        return [key for key in map(key_of, self.recording.places) if key not in known]

    @property
    def narrowest(self) -> str:
        """The dtype of fewest digits that was seen in the run or in the reference.

        It is '' if nothing is known of it, as of a kernel that cannot be looked into.
        """
        seen = {self.recording.narrowest, self.specification.narrowest}
        return next((name for name in _BY_DIGITS if name in seen), "")

    @property
    def own(self) -> Checks:
        """Those of the reference itself."""
        return self._examiner.own(self._dtype).checks

    @functools.cached_property
    def tied(self) -> Checks:
        """The checks with all slopes admitted at ties and kinks."""
        return certify(self.specification, self.recording, admit_ties=True)

    @functools.cached_property
    def as_narrow(self) -> Checks:
        """The checks as if all was computed in the narrowest dtype, or in float32.

        Results are not rounded once more, since the run was in float64.
        """
        dtype = np.dtype(self.narrowest if self.narrowest in LOW else np.float32)
        specification = self._examiner.specification(dtype)
        return certify(dataclasses.replace(specification, rounded_to=dtype), self.recording)

    @functools.cached_property
    def at_ends(self) -> Checks:
        """Those of the results alone, from the arguments on."""
        ends = self._examiner.ends(self._dtype)
        return held_at_ends(self.specification, ends, self.recording)

    @property
    def own_at_ends(self) -> Checks:
        """Those of the results of the reference itself."""
        return self._examiner.own(self._dtype).at_ends

    @functools.cached_property
    def plain(self) -> Checks:
        """Those of results that differ where no places are recorded; () if none do."""
        if self.recording.plain is None:
            return ()
        plain = self.recording.plain()
        if _same(plain, self.recording):
            return ()
        return held_at_ends(self.specification, self._examiner.ends(self._dtype), plain)

    @property
    def zeros(self) -> Mapping[Key, float]:
        """Which places and results are 0 in exact arithmetic, and how exactly."""
        return self._examiner.ends(np.dtype(np.float64)).zeros

    def cause(self, one: Check) -> str:
        """Says which equation of the reference made a number that is not finite; '' if none."""
        found = cause_at(self.specification, self.recording.places, *one.key)
        return "" if found is None or found.place is None else f"{found}, in {found.place}"

    @functools.cached_property
    def exact(self) -> Evidence | str:
        """The evidence on a run in float64, or why there is none."""
        if self._dtype == np.float64:
            return self
        return self._examiner.exact(self._program)


def _same(a: Recording, b: Recording) -> bool:
    """Whether all results are equal bit by bit."""
    others = b.results
    return all(one.tobytes() == others[key].tobytes() for key, one in a.results.items())
