"""The certificate of every implementation, and an explanation of its first failure."""

import dataclasses
import functools
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Layers
from compare.evidence.certificate.certificate import Certificate, certify
from compare.evidence.certificate.certificate import merge as merge_certificates
from compare.evidence.certificate.detectable import MOST_SAMPLES, detectable_ulp
from compare.evidence.certificate.finding import Finding
from compare.evidence.certificate.making import on_rung
from compare.evidence.certificate.nearness import HARDLY, may_be_scattered
from compare.evidence.hypotheses.explanation import Explanation
from compare.evidence.hypotheses.precision import explain_by_precision
from compare.evidence.hypotheses.samples import Surroundings
from compare.evidence.hypotheses.search import explain
from compare.pipeline.groups import Group, groups_of, near_samples
from compare.pipeline.kinds.base import Evidence, Run, merge_by_name
from compare.problem.answers import Answer
from compare.problem.blocks import Block, block_start

_DIAGNOSED = 16  # samples that an explanation has to fit; fewer of a large network
_DIAGNOSED_ENTRIES = 2**19  # of their gradients, where that is a sample or more
_SECONDS = 2.0  # of computing, in which it has to be found
_HELD = 1024  # samples of a block that have to be right in a coarser arithmetic


class Certification(NamedTuple):
    """What the chain rule says of one implementation."""

    certificate: Certificate
    explanation: Explanation | None  # of the first failure
    # ulp of the run's dtype by parameter, in samples of the first block
    detectable: dict[str, float] | None


Certifications = dict[str, Certification]


class Certificates(Evidence[Certifications]):
    """The certification of every implementation, by name."""

    name = "certificates"
    holds = Certifications
    nothing: Certifications = {}  # noqa: RUF012 (nobody adds to it)

    def __init__(self, run: Run, rng: np.random.Generator) -> None:
        del rng  # every sample is checked
        self._problem, self._names, self._layout = run.problem, run.names, run.layout
        self._run = run
        first = run.samples[0]
        self._first = first if len(run.samples) == 1 else block_start(run.problem, first)

    def examine(
        self,
        block: Block,
        answers: Mapping[str, Answer],
        known: Certifications,
        *,
        compiled: bool,
    ) -> Certifications:
        """Certifies a block; answers that are equal are certified once."""
        found = {}
        right: list[Layers] = []  # of implementations whose computation is known
        for group in groups_of(self._run, block, answers):
            before = [known[name].certificate if name in known else None for name in group.names]
            certificate = self._certify(block, group, before, right, compiled=compiled)
            if group.is_known and not certificate.failed:
                right.append(group.case.grads)
            explanation = detectable = None
            if any(_fails_earlier(certificate, one) for one in before):
                assert certificate.first_failure is not None
                row = certificate.first_failure.sample - block.start
                explanation = self._diagnose(block, group, row)
            holds = certificate.certified and not (certificate.failed or certificate.near)
            if block.start == self._first and holds:
                detectable = _detectable(group, self._problem.dtype)
            for name in group.names:
                mine = dataclasses.replace(
                    certificate, implementation=name, rate=answers[name].rate
                )
                found[name] = Certification(mine, explanation, detectable)
        return found

    def merge(self, one: Certifications, other: Certifications) -> Certifications:
        """Joins two sets of samples; the earlier failure keeps its explanation."""
        return merge_by_name(one, other, _merge)

    def _certify(
        self,
        block: Block,
        group: Group,
        before: Sequence[Certificate | None],
        right: Sequence[Layers],
        *,
        compiled: bool,
    ) -> Certificate:
        """Certifies an answer; the certificate has no name yet.

        Args:
          block: of the samples.
          group: its names.
          before: certificates of other blocks, of the implementations that gave this answer.
          right: gradients of certified implementations, to hold against those that fail.
          compiled: as in `examine`.
        """
        near = functools.partial(near_samples, self._run, block, group, right)
        found = certify(
            "",
            group.case,
            rungs=group.rungs,
            near=None if group.is_known else near,
            first_sample=block.start,
            # for the shape of the last block alone, nothing is compiled
            compiled=compiled and block.size == len(block.padded.x),
            known=[one for one in before if one] if all(before) else [],
        )
        return _indices_in_layout(found, self._layout)

    def _diagnose(self, block: Block, group: Group, row: int) -> Explanation | None:
        """Explains a failure, if one cause fits this sample and the ones after it."""
        few = min(_DIAGNOSED, _DIAGNOSED_ENTRIES // self._problem.network.parameter_count)
        rows = (row + np.arange(min(max(few, 1), block.size))) % block.size
        case = group.case.take(rows)
        earlier = group.case.take(rows - 1).wide().zeroed_but(rows > 0).grads
        around = Surroundings(
            self._problem.n_samples, self._layout, group.case.x, group.case.y, rows, earlier
        )
        end = time.thread_time() + _SECONDS
        with np.errstate(all="ignore"):  # a gradient that overflows fits nothing
            by_rung = (on_rung(case, rung) for rung in group.rungs)
            found = explain(by_rung, around, is_late=lambda: time.thread_time() > end)
            if not group.is_known and (found is None or not found.causes):
                many = (row + np.arange(min(_HELD, block.size))) % block.size
                found = explain_by_precision(group.case.take(many)) or found
        return found if self._layout == "in_out" else _places_turned(found)


def _places_turned(found: Explanation | None) -> Explanation | None:
    """Turns the indices of matrix entries from [n_in, n_out] to the other layout."""
    if found is None:
        return None
    figures = found.figures and found.figures.turned()
    steps = tuple(step._replace(figures=step.figures.turned()) for step in found.steps)
    return found._replace(figures=figures, steps=steps)


def _detectable(group: Group, dtype: np.dtype) -> dict[str, float] | None:
    """Returns the smallest changes that are surely seen, in a few finite samples.

    Where nobody knows how a gradient was computed, a change is only seen if it can be no rounding
    of single entries.

    Args:
      group: of implementations.
      dtype: in whose ulps a change is counted.
    """
    case = group.highest
    case = case.take(np.flatnonzero(case.finite())[:MOST_SAMPLES])
    if group.is_known:
        return detectable_ulp(case, dtype)
    if may_be_scattered(case.wide(), HARDLY * (1 + 2.0**-10)).any():
        return None
    return detectable_ulp(case, dtype, times=HARDLY)


def _fails_earlier(found: Certificate, known: Certificate | None) -> bool:
    """Whether this certificate fails in an earlier sample than the known one."""
    if found.first_failure is None:
        return False
    if known is None or known.first_failure is None:
        return True
    return found.first_failure.sample < known.first_failure.sample


def _merge(one: Certification, other: Certification) -> Certification:
    first = other if _fails_earlier(other.certificate, one.certificate) else one
    return Certification(
        merge_certificates(one.certificate, other.certificate),
        first.explanation,
        one.detectable or other.detectable,
    )


def _indices_in_layout(certificate: Certificate, layout: str) -> Certificate:
    """Turns the indices of matrix entries from [n_in, n_out] into a layout."""
    if layout == "in_out":
        return certificate
    return dataclasses.replace(
        certificate,
        worst=_turned(certificate.worst),
        first_failure=_turned(certificate.first_failure),
    )


def _turned(finding: Finding | None) -> Finding | None:
    return finding and dataclasses.replace(finding, index=finding.index[::-1])
