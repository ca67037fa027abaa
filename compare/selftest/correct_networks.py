"""Random correct networks: no certificate may fail, no bound be exceeded, no batch be doubted."""

import itertools
import sys
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jax
import numpy as np

from compare.evidence.batches.check import BatchEvidence
from compare.evidence.certificate.certificate import certify
from compare.evidence.certificate.making import make_case
from compare.evidence.differences.bounds import BoundRatio, bound_ratio
from compare.formats.read.prints.digits import half_units
from compare.implementations.base import Computation
from compare.implementations.reduced import reducing
from compare.options.signals import check_signals
from compare.pipeline.allowances import allowances_of
from compare.pipeline.batch_checks import check_batches
from compare.pipeline.kinds.base import Run
from compare.problem.answers import Answer, quantities, without_missing_biases
from compare.problem.batches import Reduction
from compare.problem.quantities import name_all
from compare.selftest.correct_answers import Answered, answered
from compare.selftest.random_networks import (
    GPU_KINDS,
    KINDS,
    Kind,
    RandomNetwork,
    draw_network,
    draw_program,
)
from compare.selftest.tally import Tally, tried
from compare.verdict.batches import doubts, failures
from jaxmlp.base import Grads, Layer

# Compiling takes most of the time. Many weights of a program find what only some numbers show, and
# many programs what only some networks show.
_WEIGHTS = (1, 8, 32)  # how many a program is given
_KEPT_PROGRAMS = 64  # until JAX is told to forget what it has compiled
_SECONDS = 60.0  # between two lines that say how far it is


class Trial(NamedTuple):
    """What is tried, and how."""

    networks: int  # in float32
    seed: int  # of everything drawn, for each kind
    printed: bool = False
    device: str = "cpu"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of arithmetic; those that are printed are float32 and float64."""
        kinds = KINDS if self.device == "cpu" else GPU_KINDS
        return kinds[:2] if self.printed else kinds


def try_correct_networks(
    count: int, *, seed: int, printed: bool = False, device: str = "cpu"
) -> int:
    """Tries so many float32 networks, and a fifth as many of each other kind; prints what came out.

    They have up to 12 hidden layers of width 1 to 300, all activations, alike or mixed, all outputs
    and losses, biases in all layers, some or none, a penalty or none, weight scales from 1e-14 to
    40, and inputs down to 1e-38, as far as the dtype goes. Kinds take turns, and alarms are printed
    as they happen, so a trial that is interrupted has tried all, and says what came out so far.

    Args:
      count: how many networks in float32.
      seed: of everything drawn, for each kind.
      printed: whether to print the gradients of float32 and float64 first, and certify what can be
        read.
      device: 'cpu' or 'gpu', on which JAX and torch compute.

    Returns:
      0 if no certificate failed, no bound was exceeded and no batch was doubted, else 2.
    """
    trial = Trial(count, seed, printed, device)
    tallies = {kind: Tally() for kind in trial.kinds}
    try:
        _try_all(trial, tallies)
    finally:
        for kind, tally in tallies.items():
            print("\n".join(tally.lines(kind.name)))
        print("\n".join(tried(tallies.values())))
        alarms = sum(tally.alarms for tally in tallies.values())
        print(f"false alarms: {alarms}", flush=True)
    return 2 if alarms else 0


def _try_all(trial: Trial, tallies: Mapping[Kind, Tally]) -> None:
    """Tries program after program, of the kind that is furthest behind its share."""
    said = time.monotonic()
    for turn in itertools.count(1):
        kind = min(tallies, key=lambda kind: tallies[kind].networks * kind.share)
        left = trial.networks // kind.share - tallies[kind].networks
        if left <= 0:
            return
        _try_program(trial, kind, tallies[kind], left)
        if turn % _KEPT_PROGRAMS == 0:
            jax.clear_caches()
        if time.monotonic() > said + _SECONDS:
            said = time.monotonic()
            _show_progress(tallies)


def _try_program(trial: Trial, kind: Kind, tally: Tally, left: int) -> None:
    """Draws the next program of a kind, and tries it with some weights; prints what is wrong."""
    number = tally.programs
    rng = np.random.default_rng([trial.seed, number])  # so that each can be tried again by itself
    is_plain = kind.factor_bits is not None and trial.device == "cpu"  # as NumPy makes it
    program = draw_program(rng, kind.dtype, is_plain=is_plain)
    for draw in range(min(int(rng.choice(_WEIGHTS)), left)):
        check_signals()
        own = np.random.default_rng([trial.seed, number, draw])
        network = draw_network(own, program)
        reduction = program.reduction if kind.is_full_precision and not trial.printed else None
        for wrong in try_network(
            network,
            kind,
            tally,
            own,
            reduction=reduction,
            is_first=draw == 0,
            printed=trial.printed,
            device=trial.device,
        ):
            where = f"--seed={trial.seed}, program {number}, weights {draw}"
            print(f"{where}: {program}, {kind.name}: {wrong}", flush=True)
        tally.add_network(program, is_reduced=reduction is not None)
    tally.programs += 1


def _show_progress(tallies: Mapping[Kind, Tally]) -> None:
    networks = sum(one.networks for one in tallies.values())
    alarms = sum(one.alarms for one in tallies.values())
    rate = networks / time.process_time()
    said = f"{networks:,} networks, {rate:.1f} a second of the CPU, false alarms: {alarms}"
    print(said, file=sys.stderr, flush=True)


def try_network(
    network: RandomNetwork,
    kind: Kind,
    tally: Tally,
    rng: np.random.Generator,
    *,
    reduction: Reduction | None = None,
    is_first: bool = True,
    printed: bool = False,
    device: str = "cpu",
) -> Iterator[str]:
    """Certifies and pairs all implementations on one network; yields what is wrong.

    Args:
      network: to try.
      kind: of arithmetic.
      tally: in which all is counted.
      rng: of what is drawn on the way.
      reduction: of the losses of its samples, which is judged too if there is one.
      is_first: whether batches are judged as those of the first block of a run.
      printed: whether to certify what can be read of a print.
      device: 'cpu' or 'gpu'.
    """
    found = answered(network, kind, rng, device=device)
    for name, answer in found.answers.items():
        if found.computations[name].arithmetic is None:
            continue  # a library, which the kind says nothing of
        grads, units = _print(answer.grads, rng) if printed else (answer.grads, None)
        arithmetic = found.computations[name].arithmetic_in(answer.dtype)
        case = make_case(
            network.network,
            network.params,
            *network.batch,
            grads,
            arithmetic=arithmetic,
            printed=units,
        )
        wrong = tally.add_certificate(certify(name, case))
        if wrong:
            yield wrong
    if not kind.is_full_precision:  # of float32 and float64 tests have done so
        bounds = bounds_of(network, found.answers, found.computations)
        yield from filter(None, map(tally.add_bound, bounds))
    if reduction is not None:
        yield from _wrong_batches(network, found, reduction, tally, is_first=is_first)


def bounds_of(
    network: RandomNetwork,
    answers: Mapping[str, Answer],
    computations: Mapping[str, Computation],
) -> Iterator[BoundRatio]:
    """Yields how much of its end-to-end bounds every pair of answers uses."""
    known = {name: computations.get(name, Computation()) for name in answers}
    allowed = allowances_of(
        answers, network.problem, network.batch, layout="in_out", computations=known
    )
    named = {name: name_all(quantities(answer, "in_out")) for name, answer in answers.items()}
    for a, b in itertools.combinations(answers, 2):
        for name, array in named[a].items():
            other = named[b][name]
            numbers = np.arange(len(array))
            yield bound_ratio(name, array, other, allowed[a], allowed[b], samples=numbers)


def _wrong_batches(
    network: RandomNetwork, found: Answered, reduction: Reduction, tally: Tally, *, is_first: bool
) -> Iterator[str]:
    """Judges the batches of every implementation as a run does; yields what is wrong or doubted."""
    names = tuple(found.answers)
    run = Run(
        network.problem,
        names,
        range(found.block.size),
        layout="in_out",
        seed=0,
        computations=found.computations,
        reduction=reduction,
    )
    for one in found.implementations:
        batches = reducing(one, reduction).evaluate(found.block)
        own = without_missing_biases(batches, network.network), found.answers[one.name]
        check = check_batches(run, one.name, found.block, *own, is_first=is_first)
        if tally.add_batches(check):
            evidence = BatchEvidence({one.name: check}, ())
            failed = tuple(failures(evidence, reduction.kind))
            for said in failed or doubts(evidence, reduction.kind):
                yield "; ".join((said.headline, *said.remarks))


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
