"""The report of an examination: its evidence, the verdict, and the places worth showing."""

import dataclasses

from compare import results
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
from compare.results import Report, Trace, Values
from compare.verdict.circumstances import circumstances, untested
from compare.verdict.decide import RULE, Place, decide
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
    differences, noises = evidence.of(Pairs), evidence.of(RepeatNoise)
    certified = evidence.of(Certificates)
    certificates = {one.name: certified[one.name].certificate for one in taking_part}
    explanations = {name: one.explanation for name, one in certified.items()}
    environment = describe_environment(
        [one.device for one in taking_part],
        matmul_precision=config.matmul_precision,
        flags=_flags_for_bits(config),
    )
    movement = evidence.of(BaselineDrift)
    change = change_of(examined.run, movement, certificates, environment)
    judged = decide(
        differences.pairs,
        list(certificates.values()),
        explanations,
        change,
        ends=(examined.run.problem.network.output, examined.run.problem.network.loss),
        batches=evidence.of(Batches),
        reduction=config.reduction,
    )
    places = [] if judged.place is None else [judged.place]
    reproduce = None
    if config.only_sample is not None:
        places += worst_places(differences.pairs)
    elif judged.place is not None:
        reproduce = reproducing_command(config, judged.place.sample)
    elif judged.batch is not None:
        reproduce = reproducing_command(config, judged.batch)
    engines = engines_of(taking_part, examined.probed)
    reached = evidence.of(Coverage)
    unreached = tuple(
        piece for piece in pieces_of(examined.run.problem.network) if piece not in reached
    )
    judged = judged._replace(
        remarks=(
            *judged.remarks,
            *(untested(unreached) if judged.verdict == "agree" else ()),
            *circumstances(engines, noises, asked=config.matmul_precision),
            *readings_said(weights, {one.name: one.read for one in taking_part}, certificates),
        )
    )
    return Report(
        verdict=judged.verdict,
        headline=judged.headline,
        reason=judged.reason,
        remarks=judged.remarks,
        warnings=(
            *judged.warnings,
            *([] if doubt is None else [doubt]),
            *readings_doubted(weights),
        ),
        rule=RULE,
        config={
            **{k: v for k, v in dataclasses.asdict(config).items() if k not in RUNNING},
            "layout": examined.run.layout,
            "bias": examined.run.problem.network.bias,
        },
        environment=environment,
        implementations=tuple(_described(one, certified[one.name]) for one in taking_part),
        engines=engines,
        noises=noises,
        pairs=differences.pairs,
        usage=usage_of(differences.pairs, list(certificates.values())),
        witness=evidence.of(Witness),
        trace=_traced(examined),
        values=tuple(_values(examined, place) for place in dict.fromkeys(places)),
        change=change,
        reproduce=reproduce,
        entries=differences.entries,
        command=whole_command(config),
        weights=weights,
        unreached=unreached,
        batches=None if examined.run.reduction is None else evidence.of(Batches),
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
