"""Every mistake in a few networks where it is one, judged by us and by the rules of other tools."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

from compare.problem.answers import Answer
from compare.selftest.batch_trial import BATCHED, try_batches
from compare.selftest.correct_code import correct_answers
from compare.selftest.mistakes import Mistake
from compare.selftest.plants import Plant, Subject, make_subject, plan
from compare.selftest.score import Score
from compare.selftest.trial import Trial, judge
from compare.selftest.trial_networks import CORRECT, NETWORKS, Setup, true_answers

_MOST_PROCESSES = 4  # each of which loads both frameworks


def try_mistakes(*, seed: int, listed: bool = False) -> int:
    """Plants every mistake in networks where it is one; prints what came out.

    Args:
      seed: of weights and samples.
      listed: whether to name the mistakes that were explained in part or not at all.

    Returns:
      2 if our verdict has failed, else 0.
    """
    score = Score()
    plants = plan(NETWORKS, seed=seed)
    longest_first = sorted(NETWORKS, key=lambda label: -sum(NETWORKS[label].layer_sizes))
    tasks = [(label, NETWORKS[label], plants[label], seed) for label in longest_first]
    for (label, *_), found in zip(tasks, _results(tasks), strict=True):
        _show_progress(f"{label} ...")
        for failure in found.failures:
            _show_progress(f"{failure}\n")
        score.add(found)
    _show_progress("")
    print("\n".join(score.lines(listed=listed)))
    return 2 if score.has_failed else 0


def _results(tasks: Sequence[tuple[str, Setup, Sequence[Plant], int]]) -> Iterator[Score]:
    """Tries the networks in some processes, or in this one if there is one network."""
    if len(tasks) == 1:
        yield from (try_network(*task) for task in tasks)
        return
    processes = min(_MOST_PROCESSES, os.cpu_count() or 1)
    spawned = multiprocessing.get_context("spawn")  # JAX does not survive a fork
    with ProcessPoolExecutor(processes, mp_context=spawned) as pool:
        yield from pool.map(try_network, *zip(*tasks, strict=True))


def try_network(label: str, setup: Setup, plants: Sequence[Plant], seed: int) -> Score:
    """Tries correct programs and mistakes on one network."""
    score, subject = Score(), make_subject(label, setup, seed=seed)
    true = true_answers(subject.problem)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        pair = {name: true[name] for name in (CORRECT[a], CORRECT[b])}
        score.add_correct(label, judge(subject.problem, pair))
    f = subject.forward  # nobody has written those programs for every network
    is_unusual = f.is_other or f.is_by_layer
    programs = () if is_unusual else correct_answers(subject.problem, setup.activation)
    for name, answer in programs:
        trial = judge(subject.problem, {CORRECT[0]: true[CORRECT[0]], "correct": answer})
        score.add_correct(f"{label}: {name}", trial)
    for plant in plants:
        score.add_mistake(label, plant, subject.forward, try_mistake(subject, true, plant.mistake))
    if label in BATCHED:
        try_batches(subject, score)
    return score


def try_mistake(subject: Subject, true: Mapping[str, Answer], mistake: Mistake) -> Trial:
    """Judges a program that makes a mistake, beside an implementation that makes none."""
    planted = Answer(mistake.gradients(subject.forward))
    return judge(subject.problem, {CORRECT[0]: true[CORRECT[0]], "planted": planted})


def _show_progress(text: str) -> None:
    """Shows where we are, on a terminal by rewriting one line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text.rstrip(), file=sys.stderr, flush=True)
