"""Gradients that exist already, in a file or in arrays, before it is chosen how they are read."""

from collections.abc import Callable, Sequence
from typing import Any

from compare.errors import UsageError
from compare.formats.read.gradients.expected import ExpectedGradients, expect_gradients
from compare.formats.read.gradients.files import read_gradients
from compare.formats.reading import Reading
from compare.implementations.user.returned import layer_pairs, read_returned
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
        return with_hidden_digits(Answer(given.grads, printed=given.printed), problem.params)

    def _expected(self, problem: Problem) -> ExpectedGradients:
        biases = problem.network.biases
        return expect_gradients(problem.params, problem.n_samples, self.where, biases)


class GradientArrays:
    """[(dw [N, ...], db [N, ...]), ...] that somebody has in memory."""

    def __init__(self, name: str, arrays: Any, layout: str | None) -> None:
        """Takes arrays, their name for errors, and the layout of dw if it was said."""
        self.where, self._arrays, self._layout = f"gradients {name}", arrays, layout

    def readings(self, problem: Problem) -> Sequence[Reading]:
        """Returns a reading in each layout that fits; in any, if none does."""
        expected = expect_gradients(problem.params, problem.n_samples, self.where)
        try:
            with contained():
                pairs = layer_pairs(self._arrays, len(problem.params), self.where)
                shapes = [as_numpy(leaf).shape for pair in pairs for leaf in pair]
        except (Exception, SystemExit):  # whatever they are: `answer` says what is wrong
            shapes = []
        layouts = expected.layouts_of(shapes, self._layout) or (self._layout or "in_out",)
        names = expected.names
        return [Reading(names, tuple(f"d{name}" for name in names), layout) for layout in layouts]

    def further_readings(self, problem: Problem, right: Callable[[], Grads]) -> Sequence[Reading]:
        """Returns none: which array is which is said."""
        return ()

    def unread_names(self, reading: Reading) -> Sequence[str]:
        """Returns none: arrays in memory have no names."""
        return ()

    def answer(self, problem: Problem, reading: Reading, rows: slice) -> Answer:
        """Returns the gradients of some samples; errors are as in `read_returned`."""
        told = errors_told(f"{self.where} raise when they are read", passes=UsageError)
        with contained(), told:
            grads = read_returned(
                self._arrays,
                problem.params,
                layout=reading.layout,
                n=problem.n_samples,
                where=self.where,
            )
        return take(with_hidden_digits(Answer(grads), problem.params), rows)
