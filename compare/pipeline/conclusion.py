"""The report of an examination: its evidence, the verdict, and the places worth showing."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from compare import results
from compare.evidence.certificate.certificate import Certificate
from compare.evidence.pieces import pieces_of
from compare.formats.reading import Choice
from compare.implementations.base import Implementation
from compare.implementations.environment import describe_environment
from compare.implementations.probe import engines_of
from compare.options.config import OPTIONS, RUNNING, Config
from compare.options.reproduce import reproducing_command, whole_command
from compare.pipeline.change import change_of
from compare.pipeline.kinds.batches import Batches
from compare.pipeline.kinds.certificates import Certificates, Certification
from compare.pipeline.kinds.coverage import Coverage
from compare.pipeline.kinds.drift import BaselineDrift
from compare.pipeline.kinds.noise import RepeatNoise
from compare.pipeline.kinds.pairs import Pairs
from compare.pipeline.kinds.witness import Witness
from compare.pipeline.schedule import Examination
from compare.pipeline.trace import trace_sample
from compare.pipeline.values import values_at, worst_places
from compare.problem.blocks import block_start
from compare.results import Change, Report, Trace, Values
from compare.verdict.circumstances import circumstances, untested
from compare.verdict.decide import RULE, Place, Verdict, decide
from compare.verdict.readings import readings_doubted, readings_said
from compare.verdict.usage import usage_of


def report_of(
    examined: Examination, *, weights: Choice | None = None, doubt: str | None = None
) -> Report:
    """Adds the evidence that needs all samples, decides on a verdict, and puts it all together.

    Args:
      examined: all samples.
      weights: how the weights were read, if somebody brought them.
      doubt: what to say of an order of layers that nothing has decided.
    """
    config, taking_part, evidence = examined.config, examined.taking_part, examined.evidence
    evidence.conclude(examined.answer_block)
    differences, certified = evidence.of(Pairs), evidence.of(Certificates)
    certificates = {one.name: certified[one.name].certificate for one in taking_part}
    environment = _environment(config, taking_part)
    change = change_of(examined.run, evidence.of(BaselineDrift), certificates, environment)
    network = examined.run.problem.network
    unreached = tuple(one for one in pieces_of(network) if one not in evidence.of(Coverage))
    engines, noises = engines_of(taking_part, examined.probed), evidence.of(RepeatNoise)
    judged = _judged(examined, change, certificates)
    judged = judged.with_remarks(
        *(untested(unreached) if judged.verdict == "agree" else ()),
        *circumstances(engines, noises, asked=config.matmul_precision),
        *readings_said(weights, {one.name: one.read for one in taking_part}, certificates),
    )
    doubts = [] if doubt is None else [doubt]
    return Report(
        verdict=judged.verdict,
        headline=judged.headline,
        reason=judged.reason,
        remarks=judged.remarks,
        warnings=(*judged.warnings, *doubts, *readings_doubted(weights)),
        rule=RULE,
        config=_asked(config, layout=examined.run.layout, bias=network.bias),
        environment=environment,
        implementations=tuple(_described(one, certified[one.name]) for one in taking_part),
        engines=engines,
        noises=noises,
        pairs=differences.pairs,
        usage=usage_of(differences.pairs, list(certificates.values())),
        witness=evidence.of(Witness),
        trace=_traced(examined),
        values=_shown_values(examined, judged),
        change=change,
        reproduce=_reproduced(config, judged),
        entries=differences.entries,
        command=whole_command(config),
        weights=weights,
        unreached=unreached,
        batches=None if examined.run.reduction is None else evidence.of(Batches),
    )


def _judged(
    examined: Examination, change: Change | None, certificates: Mapping[str, Certificate]
) -> Verdict:
    evidence, network = examined.evidence, examined.run.problem.network
    return decide(
        evidence.of(Pairs).pairs,
        list(certificates.values()),
        {name: one.explanation for name, one in evidence.of(Certificates).items()},
        change,
        ends=(network.output, network.loss),
        batches=evidence.of(Batches),
        reduction=examined.config.reduction,
    )


def _reproduced(config: Config, judged: Verdict) -> str | None:
    """Returns the command that computes again what decided, where all samples were looked at."""
    sample = judged.batch if judged.place is None else judged.place.sample
    if sample is None or config.only_sample is not None:
        return None
    return reproducing_command(config, sample)


def _shown_values(examined: Examination, judged: Verdict) -> tuple[Values, ...]:
    """Returns the entry that decided, and the worst ones of a sample that is looked at alone."""
    places = [] if judged.place is None else [judged.place]
    if examined.config.only_sample is not None:
        places += worst_places(examined.evidence.of(Pairs).pairs)
    return tuple(_values(examined, place) for place in dict.fromkeys(places))


def _asked(config: Config, **found: Any) -> dict[str, Any]:
    """Returns what was asked for, in which what was found stands in place of a default."""
    asked = dataclasses.asdict(config)
    return {name: value for name, value in asked.items() if name not in RUNNING} | found


def _environment(config: Config, taking_part: Sequence[Implementation]) -> dict[str, Any]:
    return describe_environment(
        [one.device for one in taking_part],
        matmul_precision=config.matmul_precision,
        flags=_flags_for_bits(config),
    )


def _flags_for_bits(config: Config) -> dict[str, str]:
    """Returns the options that may change the last bits, where they are not as by default."""
    names = ("deterministic", "candidate_arrays", "candidate_batched")
    values = ((name, getattr(config, name)) for name in names)
    return {name: f"{value}" for name, value in values if value != OPTIONS[name].default}


def _described(one: Implementation, found: Certification) -> results.Participant:
    return results.Participant(
        one.name,
        found.certificate.dtype,
        one.device,
        one.source,
        found.certificate,
        found.explanation,
        found.detectable,
        one.read,
    )


def _traced(examined: Examination) -> Trace | None:
    sample = examined.config.trace
    if sample is None:
        return None
    block, answers = examined.answer_block(block_start(examined.run.problem, sample))
    layout = examined.run.layout
    output = examined.run.problem.network.output
    return trace_sample(examined.taking_part, block, answers, sample, layout=layout, output=output)


def _values(examined: Examination, place: Place) -> Values:
    """What everyone has at one place, now and in a baseline."""
    block, answers = examined.answer_block(block_start(examined.run.problem, place.sample))
    first_runs = {
        one.name: answers[one.name]
        for one in examined.everyone
        if one.repeat_of is None and one.answers_of == "samples"
    }
    row = place.sample - block.start
    return values_at(place, row, first_runs, layout=examined.run.layout)
