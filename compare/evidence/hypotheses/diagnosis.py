"""Which classic mistake explains a gradient that broke a rule.

The backward pass is walked from the output down. The first of delta_l, dL/db_l alone and dL/dw_l
that is not what its neighbours ask for is tried against a table of mistakes, each a formula for
what would stand there instead. One that fits to rounding in every entry of every sample tried,
certified ones included, is the explanation; where none fits, that is said. Where rounding or print
hide so much that several different ones fit, none is named.

`Samples` come with their axis leading; the walk has it last, as the rules do.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.phi import PHI
from compare.evidence.certificate.recovered import rounding_of, trace_forward
from compare.evidence.certificate.rules import make_layer
from compare.evidence.hypotheses.fitting import (
    Above,
    Tolerance,
    fits,
    largest,
    lost_in,
    outer,
    tolerances,
)
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.problem.axes import layers_last, samples_last

MOST_SAMPLES = 8  # failed ones, and certified ones, that an explanation has to fit
_COARSEST = 1e-3  # relative; a mistake has to be told from rounding, and classic ones are larger
_SAME = 1e-9  # relative; two mistakes that come to the same thing

Wrong = Iterator[tuple[str, np.ndarray]]  # (what was done, what comes out of it)


@dataclasses.dataclass(frozen=True)
class Samples:
    """Failed samples of one implementation, and some certified ones, in float64."""

    params: Sequence[tuple[np.ndarray, np.ndarray]]  # (w [n_in, n_out], b [n_out])
    x: np.ndarray  # [N, d]
    y: np.ndarray  # [N, k]
    grads: Sequence[tuple[np.ndarray, np.ndarray]]  # (dw [N, n_in, n_out], db [N, n_out])
    activation: str
    dtype: np.dtype  # of grads before
    n_samples: int  # of the whole run: a gradient may have been divided by it
    printed: Sequence[tuple[np.ndarray, np.ndarray]] | None = None  # shaped like grads
    arithmetic: Arithmetic | None = None  # None for every operation in dtype
    given: np.typing.DTypeLike = np.float32  # dtype of weights and samples before

    def turned(self) -> "Samples":
        """Moves the sample axis to the end: x [d, N], y [k, N], dw [n_in, n_out, N], ..."""
        return dataclasses.replace(
            self,
            x=samples_last(self.x),
            y=samples_last(self.y),
            grads=layers_last(self.grads),
            printed=self.printed and layers_last(self.printed),
        )


class Explanation(NamedTuple):
    """What is wrong, and by which mistake."""

    quantity: str  # 'delta3', 'dL/db3' or 'dL/dw3'
    mistake: str | None  # in words that follow "delta3 of mine"; None where no classic one fits


def diagnose(samples: Samples) -> Explanation | None:
    """Finds the first wrong quantity, and the mistake behind it; None where nothing stands out."""
    samples = samples.turned()
    alive = [np.any(db != 0, axis=0) for _, db in samples.grads]
    # A forward pass of our own cannot be spoilt by the mistake; the gradient's own trace is known
    # to a few roundings, however deep the network is, and tells smaller mistakes.
    unexplained = None
    for trusted in ([np.zeros_like(one) for one in alive], alive):
        walk = _Walk(samples, trusted)
        for layer in range(len(samples.params), 0, -1):
            found = walk.explain(layer)
            if found is not None:
                if found.mistake is not None:
                    return found
                unexplained = unexplained or found
                break
    return unexplained


class _Walk:
    """The right values at every layer as far as they are known, and the mistakes to try.

    The sample axis is last, in `samples` too.
    """

    def __init__(self, samples: Samples, trusted: Sequence[np.ndarray]) -> None:
        self._samples = samples
        self._phi = PHI[samples.activation]
        arithmetic = samples.arithmetic or plain_arithmetic(samples.dtype)
        rounding = rounding_of(arithmetic, samples.given)
        printed = samples.printed
        self._layers = [
            make_layer(np, *pair, None if printed is None else printed[i], rounding)
            for i, pair in enumerate(samples.grads)
        ]
        self._trace = trace_forward(
            np,
            samples.params,
            samples.x,
            [(layer.h, layer.h_error) for layer in self._layers],
            [layer.known & one for layer, one in zip(self._layers, trusted, strict=True)],
            self._phi,
            rounding,
            far=64.0 if samples.printed is None else 1.0,
        )
        width = max(max(w.shape) for w, _ in samples.params)
        self._rounding = 64 * rounding.u + 4 * rounding.dot(width)
        self._coarsest = max(_COARSEST, 32 * rounding.u, 16 * arithmetic.operand_u)
        self._is_coarse = samples.printed is not None or self._coarsest > _COARSEST

    def explain(self, layer: int) -> Explanation | None:
        """Returns None if this layer is right."""
        dw, db = self._samples.grads[layer - 1]
        h, right = self._act(layer - 1), self._right_delta(layer)
        of_db, of_dw = self._tolerances(layer)
        if not fits(db, right, of_db):
            alone = fits(dw, outer(h, right), of_dw._replace(relative=of_db.relative))
            quantity = f"dL/db{layer}" if alone else f"delta{layer}"
            output = layer == len(self._samples.params)
            wrong = self._wrong_outputs(right) if output else self._wrong_deltas(layer)
            return Explanation(quantity, self._name(db, right, wrong, of_db, is_output=output))
        right = outer(h, db)
        if not fits(dw, right, of_dw):
            wrong = self._wrong_weights(layer)
            return Explanation(f"dL/dw{layer}", self._name(dw, right, wrong, of_dw))
        return None

    def _name(
        self,
        found: np.ndarray,
        right: np.ndarray,
        wrong: Wrong,
        tolerance: Tolerance,
        *,
        is_output: bool = False,
    ) -> str | None:
        if not found.any():
            return "is 0 where the chain rule gives something else: it is missing or detached"
        mistakes = itertools.chain(
            ((f"is what comes out if {said}", value) for said, value in wrong),
            ((said, factor * right) for factor, said in self._factors(is_output=is_output)),
        )
        fitting = (
            (said, value)
            for said, value in mistakes
            if value.shape == found.shape
            and fits(found, value, tolerance)
            and not (self._is_coarse and fits(value, right, tolerance))
        )
        said, value = next(fitting, (None, right))
        none_hidden = np.zeros(found.shape[-1])
        equal = Tolerance(none_hidden + _SAME, none_hidden)
        if self._is_coarse and not all(fits(other, value, equal) for _, other in fitting):
            return None
        return said

    def _factors(self, *, is_output: bool) -> Iterator[tuple[float, str]]:
        gives = "what the chain rule gives"
        loss = "(yhat - y)^2"
        k, n = len(self._samples.y), self._samples.n_samples
        yield (
            0.5,
            f"is exactly half of {gives}" + f": the factor 2 of {loss} is missing" * is_output,
        )
        yield 2.0, f"is twice {gives}" + f": the factor 2 of {loss} is there twice" * is_output
        yield -1.0, f"is the negative of {gives}" + ": y - yhat for yhat - y" * is_output
        yield -0.5, f"is the negative of half of {gives}"
        yield -2.0, f"is the negative of twice {gives}"
        if k > 1:
            yield 1 / k, f"is {gives} divided by the {k} outputs: a mean instead of a sum"
            yield 0.5 / k, f"is half of {gives} divided by the {k} outputs: a mean, and no factor 2"
        if n > 1:
            yield 1 / n, f"is {gives} divided by the {n} samples: a mean instead of each by itself"

    def _wrong_outputs(self, right: np.ndarray) -> Wrong:
        yhat, y = self._trace[-1].z, self._samples.y
        slope = self._phi.slope(np, yhat)
        yield "y is left out of 2 (yhat - y)", 2 * yhat
        yield "the loss is |yhat - y| and not its square", np.sign(right)
        yield "the linear output is differentiated like a hidden layer", right * slope
        yield "the output went through the activation", 2 * (self._phi.value(np, yhat) - y)

    def _wrong_deltas(self, layer: int) -> Wrong:
        phi, z = self._phi, self._trace[layer - 1].z
        w, above = self._samples.params[layer][0], self._samples.grads[layer][1]
        s, h = w @ above, phi.value(np, self._trace[layer - 1].z)
        yield "phi' is left out", s
        yield "phi' is taken at h instead of z", s * phi.slope(np, h)
        yield "phi stands in place of phi'", s * h
        yield "phi' is applied twice", s * phi.slope(np, z) ** 2
        yield "h (1 - h) is written with z in place of h", s * z * (1 - z)
        yield "1 - h^2 is written with z in place of h", s * (1 - z * z)
        yield "1 - h^2 is written in place of phi'", s * (1 - h * h)
        yield "h (1 - h) is written in place of phi'", s * h * (1 - h)
        if phi.has_kink:
            yield "the mask is z >= 0 in place of z > 0", s * (z >= 0)
        else:
            yield "a step at 0 stands in place of phi'", s * (z > 0)
        for other, trace in enumerate(self._trace[:-1], start=1):
            if other != layer and trace.z.shape == z.shape:
                yield f"phi' is taken at z{other} instead of z{layer}", s * phi.slope(np, trace.z)
        slope = phi.slope(np, z)
        if w.shape[0] == w.shape[1]:
            yield f"w{layer + 1} is transposed", (w.T @ above) * slope
            yield f"w{layer + 1} is left out", above * slope
            yield f"w{layer + 1} is transposed and phi' left out", w.T @ above
        for other, (matrix, _) in enumerate(self._samples.params, start=1):
            if other != layer + 1 and matrix.shape == w.shape:
                yield f"w{other} stands in place of w{layer + 1}", (matrix @ above) * slope
        yield f"|w{layer + 1}| stands in place of w{layer + 1}", (np.abs(w) @ above) * slope

    def _wrong_weights(self, layer: int) -> Wrong:
        delta = self._samples.grads[layer - 1][1]
        h, name = self._act(layer - 1), f"h{layer - 1}" if layer > 1 else "x"
        yield f"{name} is left out", outer(np.ones_like(h), delta)
        if h.shape == delta.shape:
            yield "it is transposed", outer(delta, h)
        if layer > 1:
            z = self._trace[layer - 2].z
            yield f"z{layer - 1} stands in place of h{layer - 1}", outer(z, delta)
            slope = self._phi.slope(np, z)
            yield f"phi'(z{layer - 1}) stands in place of h{layer - 1}", outer(slope, delta)
        for other in range(len(self._samples.params)):
            act = self._act(other)
            if other != layer - 1 and act.shape == h.shape:
                other_name = f"h{other}" if other else "x"
                yield f"{other_name} stands in place of {name}", outer(act, delta)
        if layer < len(self._samples.params):
            s = self._samples.params[layer][0] @ self._samples.grads[layer][1]
            yield "phi' is left out of its delta", outer(h, s)
        for other, (_, db) in enumerate(self._samples.grads, start=1):
            if other != layer and db.shape == delta.shape:
                yield f"delta{other} stands in place of delta{layer}", outer(h, db)

    def _act(self, layer: int) -> np.ndarray:
        if not layer:
            return self._samples.x
        return self._phi.value(np, self._trace[layer - 1].z)

    def _right_delta(self, layer: int) -> np.ndarray:
        """delta_l out of delta_{l+1} as found, which is right if the walk has come this far."""
        z = self._trace[layer - 1].z
        if layer == len(self._samples.params):
            return 2 * (z - self._samples.y)
        above = self._samples.grads[layer][1]
        return (self._samples.params[layer][0] @ above) * self._phi.slope(np, z)

    def _tolerances(self, layer: int) -> tuple[Tolerance, Tolerance]:
        """What rounding and print explain of db, and of dw beside db as found."""
        known = [self._trace[layer - 1], *([self._trace[layer - 2]] if layer > 1 else [])]
        if layer == len(self._samples.params):
            residual = largest(known[0].z - self._samples.y)
            lost = largest(known[0].error) / np.maximum(residual, 1e-300)
        else:
            lost = lost_in(known[0])
        bound = self._rounding + 4 * np.maximum(lost, lost_in(known[-1]))
        bound = np.minimum(bound, self._coarsest)
        own, above = self._layers[layer - 1], None
        if layer < len(self._samples.params):
            w = self._samples.params[layer][0]
            above = Above(self._layers[layer], w, self._phi.slope(np, known[0].z))
        return tolerances(bound, own, above, self._act(layer - 1))
