"""Random correct networks: no certificate may fail, and no pair may exceed its bounds."""

import dataclasses
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from compare.evidence.certificate.certificate import Certificate, certify
from compare.evidence.certificate.making import make_case
from compare.evidence.differences.bounds import BoundRatio, bound_ratio
from compare.formats.read.prints.digits import half_units
from compare.implementations.base import Computation
from compare.implementations.table import IMPLEMENTATIONS
from compare.pipeline.allowances import allowances_of
from compare.problem.answers import answer_of, quantities
from compare.problem.problem import Problem
from compare.problem.quantities import name_all
from compare.selftest.random_networks import (
    GPU_KINDS,
    KINDS,
    Kind,
    RandomNetwork,
    draw_network,
    evaluations,
)
from jaxmlp.base import Evaluation, Grads, Layer


@dataclasses.dataclass
class Tally:
    """What came out for one kind of arithmetic."""

    samples: Counter[str] = dataclasses.field(default_factory=Counter)
    alarms: int = 0
    ratio: float = 0.0
    bound_ratio: float = 0.0
    entries: int = 0
    vacuous: int = 0
    one_sided: int = 0  # entries that are finite on one side only

    def add_certificate(self, certificate: Certificate) -> str | None:
        """Counts the samples of a certificate; returns what is wrong, if anything."""
        for name in ("certified", "failed", "silent", "at_kink"):
            self.samples[name] += getattr(certificate, name)
        self.ratio = max(self.ratio, certificate.worst_ratio or 0)
        self.alarms += bool(certificate.failed)
        return str(certificate) if certificate.failed else None

    def add_bound(self, bound: BoundRatio) -> str | None:
        """Counts the entries of a bound; returns what is wrong, if anything."""
        self.bound_ratio = max(self.bound_ratio, bound.worst_ratio)
        self.entries += bound.entries
        self.vacuous += bound.vacuous
        self.one_sided += bound.one_sided
        wrong = bound.worst_ratio > 1 or bound.unexplained > 0
        self.alarms += wrong
        return str(bound) if wrong else None


def try_correct_networks(
    count: int, *, seed: int, printed: bool = False, device: str = "cpu"
) -> int:
    """Tries so many float32 networks, and a fifth as many of each other kind; prints what came out.

    They have 1 to 12 hidden layers of width 1 to 300, all activations, weight scales from 1e-14 to
    40, and inputs down to 1e-38, as far as the dtype goes.

    Args:
      count: how many networks in float32.
      seed: of everything drawn, for each kind.
      printed: whether to print the gradients of float32 and float64 first, and certify what can be
        read.
      device: 'cpu' or 'gpu', on which JAX and torch compute.

    Returns:
      0 if no certificate failed and no bound was exceeded, else 2.
    """
    tallies = {}
    kinds = KINDS if device == "cpu" else GPU_KINDS
    for kind in kinds[: 2 if printed else None]:
        tally = tallies[kind.name] = Tally()
        rng = np.random.default_rng(seed)  # so that a kind can be tried again by itself
        networks, started = count // kind.share, time.monotonic()
        for number in range(networks):
            network = draw_network(rng, kind.dtype)
            for wrong in try_network(network, kind, tally, rng, printed=printed, device=device):
                print(f"{network}, {kind.name}: {wrong}", flush=True)
            if number % 500 == 499:
                rate = (number + 1) / (time.monotonic() - started)
                said = f"{number + 1} networks in {kind.name}, {rate:.1f} a second"
                print(said, file=sys.stderr, flush=True)
        print("\n".join(_summary(kind, networks, tally)), flush=True)
    alarms = sum(tally.alarms for tally in tallies.values())
    print(f"false alarms: {alarms}")
    return 2 if alarms else 0


def _summary(kind: Kind, networks: int, tally: Tally) -> Iterator[str]:
    yield f"{networks} networks in {kind.name}:"
    counts = ", ".join(f"{name} {n:,}" for name, n in tally.samples.items())
    yield f"  {counts} samples; largest ratio {tally.ratio:.3f}"
    if tally.entries:
        yield (
            f"  end to end: largest ratio {tally.bound_ratio:.3f}, vacuous in "
            f"{tally.vacuous / tally.entries:.1%} of {tally.entries:,} entries, "
            f"{tally.one_sided:,} overflowed on one side"
        )


def try_network(
    network: RandomNetwork,
    kind: Kind,
    tally: Tally,
    rng: np.random.Generator,
    *,
    printed: bool = False,
    device: str = "cpu",
) -> Iterator[str]:
    """Certifies and pairs all implementations on one network; yields what is wrong."""
    params, batch, _ = network
    answers = evaluations(network, kind, rng, device=device)
    computations = {name: _computation(name, kind, device) for name in answers}
    for name, computation in computations.items():
        if computation.arithmetic is None:
            continue  # a library, which the kind says nothing of
        grads, units = answers[name].grads, None
        if printed:
            grads, units = _print(grads, rng)
        case = make_case(
            network.network,
            params,
            *batch,
            grads,
            arithmetic=computation.arithmetic,
            printed=units,
        )
        certificate = certify(name, case)
        wrong = tally.add_certificate(certificate)
        if wrong:
            yield wrong
    if kind.arithmetic.is_low or kind.factor_bits:  # of float32 and float64 tests have done so
        yield from filter(None, map(tally.add_bound, bounds_of(network, answers, computations)))


def _computation(name: str, kind: Kind, device: str) -> Computation:
    """Returns how an implementation computes, if the kind says so: no library reduces on a CPU."""
    known = IMPLEMENTATIONS.get(name)
    is_whole = known is not None and kind.factor_bits is not None and device == "cpu"
    return Computation(
        known.formula if known else "backprop", None if is_whole else kind.arithmetic
    )


def bounds_of(
    network: RandomNetwork,
    evaluations: Mapping[str, Evaluation],
    computations: Mapping[str, Computation],
) -> Iterator[BoundRatio]:
    """Yields how much of its end-to-end bounds every pair of evaluations uses."""
    params, batch, _ = network
    problem = Problem(params, network.network, len(batch.x), lambda start, stop: batch)
    answers = {name: answer_of(one, len(batch.x)) for name, one in evaluations.items()}
    known = {name: computations.get(name, Computation()) for name in answers}
    allowed = allowances_of(answers, problem, batch, layout="in_out", computations=known)
    named = {name: name_all(quantities(answer, "in_out")) for name, answer in answers.items()}
    for a, b in itertools.combinations(answers, 2):
        for name, array in named[a].items():
            other = named[b][name]
            numbers = np.arange(len(array))
            yield bound_ratio(name, array, other, allowed[a], allowed[b], samples=numbers)


def _print(grads: Grads, rng: np.random.Generator) -> tuple[Grads, Grads]:
    """Returns gradients as read from a print of a few digits, and half units of the last digits."""
    shape = f"%.{rng.integers(2, 10)}{rng.choice(['f', 'e'])}"

    def read(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        words = [shape % value for value in array.reshape(-1).tolist()]
        values = np.array(words, np.float64).reshape(array.shape).astype(array.dtype)
        return values, half_units(words).reshape(array.shape)

    both = [[read(leaf) for leaf in layer] for layer in grads]
    return tuple(Layer(*(values for values, _ in layer)) for layer in both), tuple(
        Layer(*(units for _, units in layer)) for layer in both
    )
