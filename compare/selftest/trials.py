"""Every planted mistake in every network that it fits, judged by us and by fixed rules."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.differences.allclose import RULES
from compare.evidence.differences.pairs import Pair
from compare.implementations.table import IMPLEMENTATIONS
from compare.pipeline.collect import Collection
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.certificates import Certificates
from compare.pipeline.kinds.pairs import Pairs
from compare.problem.answers import Answer, answer_of
from compare.problem.blocks import Block
from compare.problem.network import uniform_network
from compare.problem.problem import Problem, default_labels
from compare.selftest.mistakes import MISTAKES, Mistake
from compare.selftest.planted import Forward, backward, forward
from compare.verdict.decide import Verdict, decide
from jaxmlp.base import Batch, Evaluation, Grads, Layer
from jaxmlp.mlp import init_params

TRUE = ("jax_grad", "jax_manual", "torch_autograd")
OURS = "our verdict"
_GROSS = 1e-3  # of the largest entry of a parameter in a sample


class Setup(NamedTuple):
    """A network to plant mistakes in."""

    layer_sizes: tuple[int, ...]
    activation: str
    init: str = "torch"
    scale: float = 1.0  # of the weights


NETWORKS: dict[str, Setup] = {
    "the usual one": Setup((2, 10, 10, 1), "sigmoid"),
    "normal weights": Setup((2, 10, 10, 1), "sigmoid", "normal"),
    "no hidden layer": Setup((3, 1), "sigmoid"),
    "6 hidden sigmoid layers": Setup((4, *(10,) * 6, 1), "sigmoid"),
    "12 hidden sigmoid layers": Setup((4, *(9,) * 12, 1), "sigmoid"),
    "10 hidden relu layers": Setup((10, *(21,) * 10, 1), "relu", "normal"),
    "3 tanh layers": Setup((3, 8, 8, 8, 2), "tanh"),
    "saturated tanh": Setup((2, 10, 10, 1), "tanh", "normal", 4.0),
    "tiny weights": Setup((2, 10, 10, 1), "sigmoid", scale=1e-3),
    "softplus": Setup((4, 6, 6, 1), "softplus"),
    "silu, 3 outputs": Setup((4, 6, 6, 3), "silu", "normal"),
    "gelu": Setup((4, 12, 12, 12, 1), "gelu"),
    "identity": Setup((4, 7, 7, 2), "identity"),
    "square": Setup((5, 5, 5, 5), "sigmoid"),
    "wide": Setup((5, 300, 1), "tanh"),
    "784-128-10": Setup((784, 128, 10), "relu"),
}


class Trial(NamedTuple):
    """One pair of implementations, judged by everyone."""

    alarms: dict[str, bool]  # rule -> whether it says that something is wrong
    verdict: Verdict
    explanation: str | None


def try_mistakes(*, seed: int) -> int:
    """Plants every mistake in every network that it fits."""
    correct, tried = Counter[str](), Counter[str]()
    missed = Counter[tuple[str, str]]()
    named, explained, wrongly = 0, 0, []
    for label, setup in NETWORKS.items():
        show_progress(f"{label} ...")
        problem, true = make_trial_problem(setup, seed=seed)
        f = forward(problem.params, problem.batch(0, problem.n_samples), setup.activation)
        right = backward(f)
        for a, b in ((0, 1), (0, 2), (1, 2)):
            pair = {TRUE[a]: true[TRUE[a]], TRUE[b]: true[TRUE[b]]}
            correct.update(_alarming(judge(problem, pair)))
            tried["correct"] += 1
        for name, mistake in MISTAKES.items():
            if not mistake.needs(f):
                continue
            wrong = backward(f, **mistake.changes)
            kind = kind_of(wrong, right)
            if kind is None:
                continue
            trial = judge(problem, {TRUE[0]: true[TRUE[0]], "planted": planted_answer(f, wrong)})
            tried[kind] += 1
            missed.update((rule, kind) for rule, alarm in trial.alarms.items() if not alarm)
            if trial.verdict.verdict != "disagree":
                show_progress(f"{label}: missed, {kind}: {name}\n")
                continue
            if mistake.named:
                named += 1
                explained += rightly_explained(mistake, trial.explanation)
            elif trial.explanation is not None:
                wrongly.append(f"{label}: {name}: {trial.explanation}")
    show_progress("")
    print("\n".join(_table(tried, correct, missed)))
    print(f"\nExplained rightly: {explained} of {named} mistakes that have a name and were found.")
    print(f"Explained, though they have no name: {len(wrongly)}.", *wrongly, sep="\n  ")
    failed = correct[OURS] or missed[(OURS, "gross")] or wrongly
    return 2 if failed else 0


def make_trial_problem(
    setup: Setup, *, seed: int, samples: int = 20
) -> tuple[Problem, dict[str, Answer]]:
    """Makes a network and its samples, and the right gradients by the three implementations."""
    rng = np.random.default_rng(seed)
    drawn = init_params(rng, setup.layer_sizes, init=setup.init, dtype=np.float64)
    params = tuple(
        Layer(*((leaf * setup.scale).astype(np.float32) for leaf in layer)) for layer in drawn
    )
    x = rng.random((samples, setup.layer_sizes[0])).astype(np.float32)
    batch = Batch(x, default_labels(x, setup.layer_sizes[-1]))
    network = uniform_network(setup.layer_sizes, setup.activation)
    problem = Problem(
        params,
        network,
        samples,
        lambda start, stop: Batch(*(v[start:stop] for v in batch)),
    )
    built = {name: IMPLEMENTATIONS[name](params, network, "cpu") for name in TRUE}
    block = Block(0, batch, batch)
    return problem, {name: one.evaluate(block) for name, one in built.items()}


def judge(problem: Problem, answers: Mapping[str, Answer]) -> Trial:
    """Gives two sets of gradients to our verdict and to every fixed rule."""
    run = Run(problem, tuple(answers), range(problem.n_samples), layout="in_out", seed=0)
    evidence = Collection(run)
    batch = problem.batch(0, problem.n_samples)
    evidence.add(evidence.examine(Block(0, batch, batch), answers, compiled=False))
    (pair,) = evidence.of(Pairs).pairs
    certified = evidence.of(Certificates)
    certificates = [one.certificate for one in certified.values()]
    answer = decide([pair], certificates, {k: v.explanation for k, v in certified.items()})
    alarms = {OURS: answer.verdict == "disagree", **_alarms_of_peers(pair)}
    failed = (one for one in certified.values() if one.certificate.failed)
    explanation = next((one.explanation for one in failed), None)
    return Trial(alarms, answer, explanation.mistake if explanation else None)


def _alarms_of_peers(pair: Pair) -> dict[str, bool]:
    by_digits = {agreement.rule: not agreement.agrees for agreement in pair.digits}
    return {
        **{name: count > 0 for name, count in pair.peers.breaking.items()},
        "5 significant digits, printed": by_digits["significant_5_text"],
        "7 decimals, printed": by_digits["decimals_7_text"],
    }


def _alarming(trial: Trial) -> Iterator[str]:
    return (rule for rule, alarm in trial.alarms.items() if alarm)


def rightly_explained(mistake: Mistake, explanation: str | None) -> bool:
    """Whether an explanation has the words that a mistake asks for."""
    return explanation is not None and any(words in explanation for words in mistake.named)


def kind_of(wrong: Grads, right: Grads) -> str | None:
    """'gross' or 'subtle' by the largest change of an entry; None where no bit is changed."""
    largest = 0.0
    for wrong_layer, right_layer in zip(wrong, right, strict=True):
        for a, b in zip(wrong_layer, right_layer, strict=True):
            a64, b64 = (v.reshape(len(v), -1).astype(np.float64) for v in (a, b))
            scale = np.maximum(np.abs(a64), np.abs(b64)).max(axis=1)
            change = np.abs(a64 - b64).max(axis=1)
            largest = max(largest, np.max(change / np.where(scale > 0, scale, 1)))
    if not largest:
        return None
    return "gross" if largest > _GROSS else "subtle"


def planted_answer(f: Forward, grads: Grads) -> Answer:
    """The answer of an implementation whose forward pass is right and whose gradients are these."""
    loss = np.square(f.residual).sum(axis=1)
    return answer_of(Evaluation(f.z[-1], loss, grads), len(loss))


def _table(
    tried: Mapping[str, int], correct: Mapping[str, int], missed: Mapping[Any, int]
) -> Iterator[str]:
    yield f"{'':<32}{'alarms on':>14}{'gross mistakes':>17}{'subtle ones':>15}"
    yield f"{'':<32}{'correct pairs':>14}{'missed':>17}{'missed':>15}"
    rules = [OURS, *_alarms_of_peers_names()]
    for rule in rules:
        alarms = f"{correct[rule]} of {tried['correct']}"
        gross = f"{missed[(rule, 'gross')]} of {tried['gross']}"
        subtle = f"{missed[(rule, 'subtle')]} of {tried['subtle']}"
        yield f"{rule:<32}{alarms:>14}{gross:>17}{subtle:>15}"


def _alarms_of_peers_names() -> list[str]:
    return [*RULES, "5 significant digits, printed", "7 decimals, printed"]


def show_progress(text: str) -> None:
    """Shows where we are, on a terminal by rewriting one line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text.rstrip(), file=sys.stderr, flush=True)
