"""Gradients that exist already, in a file or in arrays, before it is chosen how they are read."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from compare.catalogue import LAYOUTS
from compare.errors import RAISED, UsageError
from compare.formats.layouts import in_layout
from compare.formats.read.gradients.expected import ExpectedGradients, expect_gradients
from compare.formats.read.gradients.files import read_gradients
from compare.formats.read.gradients.shapes import Shape
from compare.formats.reading import Reading
from compare.implementations.user.arrangements import taken_arrangement
from compare.implementations.user.layer_pairs import layer_pairs
from compare.implementations.user.named_gradients import named_gradients
from compare.implementations.user.reading_by_name import pairs_by_name, readings_of
from compare.implementations.user.returned import read_returned
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.updates import with_hidden_digits
from compare.problem.answers import Answer, take
from compare.problem.array_likes import as_numpy
from compare.problem.problem import Problem
from jaxmlp.base import Grads


class GradientsOfFile:
    """A file of gradients, read once."""

    def __init__(self, path: str, problem: Problem, layout: str | None) -> None:
        """Reads a file.

        Args:
          path: the file.
          problem: whose gradients it holds, or those of one with its layers in another order.
          layout: of the matrices, if it was said.

        Raises:
          UsageError: if it cannot be read.
        """
        self.where, self._layout = f"--gradients {path}", layout
        self._file = read_gradients(path, self._expected(problem), problem.dtype)

    def readings(self, problem: Problem) -> Sequence[Reading]:
        """Returns every way to read it; errors are as in `GradientFile.readings`."""
        layers = problem.reading.layers if problem.reading else ()
        return self._file.readings(self._expected(problem), self._layout, layers)

    def further_readings(self, problem: Problem, right: Callable[[], Grads]) -> Sequence[Reading]:
        """Returns readings in whatever orders come near to the right gradients."""
        return self._file.further_readings(self._expected(problem), self._layout, right)

    def unread_names(self, reading: Reading) -> Sequence[str]:
        """Returns the names of which a reading makes nothing."""
        return self._file.unread_names(reading)

    def answer(self, problem: Problem, reading: Reading, rows: slice) -> Answer:
        """Returns the gradients of some samples; errors are as in `GradientFile.take`."""
        given = self._file.take(reading, self._expected(problem), rows)
        answer = Answer(given.grads, printed=given.printed)
        return with_hidden_digits(answer, problem.params, problem.network.l2)

    def _expected(self, problem: Problem) -> ExpectedGradients:
        return _expect(problem, self.where)


class GradientArrays:
    """[(dw [N, ...], db [N, ...]), ...] that somebody has in memory."""

    def __init__(self, name: str, arrays: Any, layout: str | None) -> None:
        """Takes arrays, their name for errors, and the layout of dw if it was said."""
        self.where, self._arrays, self._layout = f"gradients {name}", arrays, layout
        with contained(), errors_told(f"{self.where} raise when they are read", passes=UsageError):
            self._named = named_gradients(arrays, where=self.where)

    def readings(self, problem: Problem) -> Sequence[Reading]:
        """Returns a reading in each layout that fits; in any, if none does.

        Of gradients by name there are those that names allow.

        Raises:
          UsageError: if names do not say which gradient is which.
        """
        expected = _expect(problem, self.where)
        if self._named is not None:
            return readings_of(self._named, expected, self._layout, problem.reading)
        fitting = (
            expected.layouts_of(_shapes(pairs, expected.biases), self._layout)
            for pairs in self._arrangements(problem)
        )
        layouts = next(filter(None, fitting), (self._layout or "in_out",))
        names = expected.names
        return [Reading(names, tuple(f"d{name}" for name in names), layout) for layout in layouts]

    def _arrangements(self, problem: Problem) -> list[Sequence[tuple[Any, Any]]]:
        """Returns what may be (dw, db) of every layer: as it stands, or in another arrangement."""
        found: list[Sequence[tuple[Any, Any]]] = []
        with contained(), contextlib.suppress(*RAISED):  # `answer` says what is wrong
            pairs = layer_pairs(self._arrays, [w.shape for w, _ in problem.params], self.where)
            found.append([(as_numpy(dw), db if db is None else as_numpy(db)) for dw, db in pairs])
        for layout in LAYOUTS:
            shapes = [(in_layout(w, layout).shape, b.shape) for w, b in problem.params]
            with contained(), contextlib.suppress(*RAISED):
                taken = taken_arrangement(self._arrays, shapes, problem.n_samples)
                found += [] if taken is None else [taken]
        return found

    def further_readings(self, problem: Problem, right: Callable[[], Grads]) -> Sequence[Reading]:
        """Returns none: which array is which is said."""
        return ()

    def unread_names(self, reading: Reading) -> Sequence[str]:
        """Returns none: arrays in memory have no names."""
        return ()

    def answer(self, problem: Problem, reading: Reading, rows: slice) -> Answer:
        """Returns the gradients of some samples; errors are as in `read_returned`."""
        told = errors_told(f"{self.where} raise when they are read", passes=UsageError)
        arrays, layout = self._arrays, reading.layout
        if self._named is not None:
            expected = _expect(problem, self.where)
            arrays = pairs_by_name(self._named, reading, expected, layout)
        with contained(), told:
            grads = read_returned(
                arrays,
                problem.params,
                layout=layout,
                n=problem.n_samples,
                where=self.where,
                biases=problem.network.biases,
            )
        return take(with_hidden_digits(Answer(grads), problem.params, problem.network.l2), rows)


def _expect(problem: Problem, where: str) -> ExpectedGradients:
    """Says which gradients belong to a problem."""
    biases = problem.network.biases
    return expect_gradients(problem.params, problem.n_samples, where, biases)


def _shapes(pairs: Sequence[tuple[Any, Any]], biases: Sequence[bool]) -> list[Shape]:
    """Returns the shapes of dw1, db1, ..., without those of biases that layers do not have."""
    both = zip(pairs, biases, strict=True)
    return [np.shape(leaf) for pair, has in both for leaf in pair[: 1 + has]]
