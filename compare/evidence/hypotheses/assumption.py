"""What is assumed of a gradient, and the certificate that is left to hold then."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.certificate.checks import check_gradients, ratios
from compare.evidence.certificate.missing_biases import with_deltas
from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.explanation import Figures
from compare.evidence.hypotheses.local import Known, Local

Rule: TypeAlias = tuple[str, str]  # a rule, and the parameter whose gradient breaks it

# What is assumed may be one rounding more than a rule allows for; none allows for less than two.
_MOST = 1.5

# By how much what is right has to be off, as a product over all entries of multiples of what is
# allowed, in binary digits: of assumptions that are not plain there are hundreds, with numbers that
# are estimated, and one of them explains several digits by chance.
_TELLING = 4.0, 12.0

# Of an allowance, the root mean square of what is right uses less: 0.01 to 0.1 is usual, since an
# error of a sum grows with the root of its length, and its bound with the length.
_WELL = 0.25, 0.1  # of a plain assumption, and of others

UNSURE = 9  # the rank of a claim with so many unknowns that it is told only alone


class Claim(NamedTuple):
    """What is assumed, in words and figures."""

    quantity: str  # that is wrong by it
    said: str  # the same in every layer: {w} and the like stand for names
    names: Mapping[str, str] = MappingProxyType({})  # in this layer
    shown: Figures | None = None  # what is wrong by it, in figures
    rank: int = 0  # of claims that hold alike, those of the lowest rank are told


@dataclasses.dataclass(frozen=True)
class Assumption:
    """A case that is to be certified in place of the one that failed.

    Its gradients have been freed from what is assumed, or its network is another one; and some of
    its rules ask for what the assumed mistake gives.
    """

    case: Case  # in float64
    instead: Mapping[Rule, Check] = dataclasses.field(default_factory=dict)
    claims: tuple[Claim, ...] = ()

    @functools.cached_property
    def local(self) -> Local:
        """The quantities of the case."""
        return Local(self.case)

    @functools.cached_property
    def checks(self) -> Mapping[Rule, Check]:
        """Every check there is."""
        checks = {(one.rule, one.parameter): one for one in check_gradients(self.case).checks}
        return {**checks, **self.instead}

    @functools.cached_property
    def broken(self) -> Mapping[Rule, np.ndarray]:
        """Every rule that is broken, and in which samples, [N] bool."""
        breaking = {rule: ~holding(one) for rule, one in self.checks.items()}
        return {rule: where for rule, where in breaking.items() if where.any()}

    def claiming(self, claim: Claim, case: Case | None = None, *checks: Check) -> "Assumption":
        """Returns it with one thing more that is assumed.

        Args:
          claim: what it is.
          case: to be certified then, if it is another one.
          *checks: what rules ask for then.
        """
        return self.claiming_all((claim,), case, *checks)

    def claiming_all(
        self, claims: Sequence[Claim], case: Case | None = None, *checks: Check
    ) -> "Assumption":
        """Returns it with several claims of one thing that is assumed, as of every layer.

        delta of a layer without a bias follows from the case, and is worked out anew.
        """
        instead = {**self.instead, **{(one.rule, one.parameter): one for one in checks}}
        assumed = self.case if case is None else with_deltas(case)
        return Assumption(assumed, instead, (*self.claims, *claims))


def holds(check: Check) -> bool:
    """Returns whether a check holds in all samples."""
    return bool(holding(check).all())


def explains(check: Check, right: np.ndarray, case: Case, rank: int = 0) -> bool:
    """Returns whether a check holds in all samples, and surely not of what is right.

    Where nothing would hold as well, it is not explained by anything else, nor by a zero unless all
    that was found is zero: a slope that is 0 where it saturates holds of whatever is allowed there.
    In bfloat16 and float16 allowances are so wide that much holds: there it has to hold as well as
    what is right does.
    """
    if not holds(check) or _digits_off(check, right) < _TELLING[rank > 0]:
        return False
    if not holds_well(check, case, rank):
        return False
    is_zero = not (np.any(check.expected) or np.any(check.found))
    return is_zero or not holds(check._replace(expected=np.zeros_like(right)))


def holds_well(check: Check, case: Case, rank: int = 0) -> bool:
    """Returns whether a check that holds does so as what is right does, where allowances are wide.

    Those of numbers from print are used up by what is right.
    """
    arithmetic = case.rounding.arithmetic
    if case.printed is not None or not (arithmetic.is_low and arithmetic.is_plain):
        return True
    used = np.asarray(ratios(check))
    return bool(np.sqrt((used * used).mean()) <= _WELL[rank > 0])


def _digits_off(check: Check, right: np.ndarray) -> float:
    """Returns how many binary digits of what was found are not what is right, over all entries."""
    off = np.asarray(ratios(check._replace(expected=right))) / _MOST
    return float(np.log2(np.maximum(off, 1.0)).sum())


def holding(check: Check) -> np.ndarray:
    """Returns in which samples a check holds, [N] bool; where it is NaN it does not."""
    used = np.asarray(ratios(check))
    return np.asarray((used <= _MOST).all(axis=tuple(range(used.ndim - 1))))


def hidden_of(case: Case) -> Layers:
    """Returns how far each entry of a gradient may be off besides, in the shapes of a gradient."""
    return case.printed or tuple((np.zeros_like(w), np.zeros_like(b)) for w, b in case.grads)


def freed(case: Case, layer: int, *, dw: Known | None = None, db: Known | None = None) -> Case:
    """Returns a case with other gradients of a layer, which are known to an error."""
    printed = hidden_of(case)
    grads, hidden = [list(case.grads[layer - 1]), list(printed[layer - 1])]
    for kind, known in enumerate((dw, db)):
        if known is not None:
            grads[kind], hidden[kind] = known
    return dataclasses.replace(
        case,
        grads=_with(case.grads, layer, grads),
        printed=_with(printed, layer, hidden),
    )


def _with(layers: Layers, layer: int, pair: list[np.ndarray]) -> Layers:
    return (*layers[: layer - 1], (pair[0], pair[1]), *layers[layer:])
