"""The search for the one changed assumption under which a check holds."""

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from compare.evidence.local.check import Check
from compare.evidence.local.specification import Specification
from compare.evidence.reasons.activations import activation_reasons, slope_reasons
from compare.evidence.reasons.arrays import array_reasons
from compare.evidence.reasons.case import BACKWARD, Case, OutOfTimeError
from compare.evidence.reasons.constants import constant_reasons
from compare.evidence.reasons.graph import graph_of
from compare.evidence.reasons.layers import (
    normalisation_reasons,
    softmax_reasons,
    variance_reasons,
)
from compare.evidence.reasons.masks import mask_reasons
from compare.evidence.reasons.operands import argument_reasons, operand_reasons
from compare.evidence.reasons.precision import precision_reasons
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.samples import dropout_reasons, lost_reasons
from compare.evidence.reasons.scales import scale_reasons
from compare.evidence.reasons.several import (
    complement_reasons,
    count_reasons,
    detached_reasons,
    group_reasons,
    pair_reasons,
)
from compare.evidence.reasons.slices import slice_reasons
from compare.evidence.reasons.statistics import statistic_reasons
from compare.evidence.reasons.swaps import order_reasons, part_reasons, place_reasons
from compare.evidence.reasons.terms import term_reasons
from compare.evidence.reasons.views import view_reasons
from compare.evidence.reasons.weights import weight_reasons
from compare.evidence.reasons.windows import window_reasons
from compare.problem.recording import Recording

Family = Callable[[Case], Iterator[Reason]]

_MOST = 2  # reasons that fit alike and are told
_SIBLINGS = 1  # other times that a place comes by, which are to have the same reason
# of a change that means nothing for arrays of these shapes and dtypes
_NONSENSE = (NotImplementedError, TypeError, ValueError, ArithmeticError)
_NUMBER = re.compile(r"@\d+")
_FORWARD: tuple[Family, ...] = (
    part_reasons,
    constant_reasons,
    activation_reasons,
    term_reasons,
    mask_reasons,
    operand_reasons,
    argument_reasons,
    precision_reasons,
    dropout_reasons,
    slice_reasons,
    window_reasons,
    softmax_reasons,
    normalisation_reasons,
    variance_reasons,
    statistic_reasons,
    count_reasons,
    weight_reasons,
    order_reasons,
    place_reasons,
    view_reasons,
    complement_reasons,
    group_reasons,
    scale_reasons,
    array_reasons,
)
_BACKWARD: tuple[Family, ...] = (
    array_reasons,
    precision_reasons,
    slope_reasons,
    term_reasons,
    lost_reasons,
    constant_reasons,
    operand_reasons,
    window_reasons,
    detached_reasons,
    pair_reasons,
    dropout_reasons,
)


def reason_of(
    specification: Specification,
    recording: Recording,
    first: Check,
    *,
    is_late: Callable[[], bool] = lambda: False,
) -> Reason | None:
    """Names what is different in a run, where the first check fails.

    Args:
      specification: of the reference.
      recording: of the run.
      first: that check.
      is_late: whether to stop looking.

    Returns:
      None if nothing that is tried explains it, or too much does.
    """
    graph = graph_of(specification, recording.places)
    if first.key not in graph.targets:  # it is within a loop
        return None
    case = Case(specification, recording, graph, first.key, is_late)
    with np.errstate(all="ignore"), contextlib.suppress(OutOfTimeError):
        found = _searched(case) if case.is_of(first) else None
        if found and all(
            _is_alike(found, _searched(Case(specification, recording, graph, other, is_late)))
            for other in itertools.islice(case.siblings(), _SIBLINGS)
        ):
            return found
    return None


def _is_alike(one: Reason, other: Reason | None) -> bool:
    """Whether two times that a place comes by have one reason."""
    if other is None:
        return False
    sentences = (_NUMBER.sub("", each.sentence) for each in (one, other))
    return one.kind == other.kind and len(set(sentences)) == 1


def _searched(case: Case) -> Reason | None:
    for family in _BACKWARD if case.key[0] in BACKWARD else _FORWARD:
        found: dict[str, Reason] = {}
        with contextlib.suppress(*_NONSENSE):
            found.update((reason.sentence, reason) for reason in family(case))
        if found:
            return _joined(tuple(found.values()))
    return None


def _joined(reasons: Sequence[Reason]) -> Reason | None:
    if len(reasons) > _MOST:
        return None
    sentence = "; or ".join(one.sentence for one in reasons)
    return reasons[0]._replace(sentence=sentence)
