"""What assumptions come to: causes, in the words and in the order in which they are told."""

from collections.abc import Sequence

from compare.evidence.hypotheses.assumption import Assumption, Claim
from compare.evidence.hypotheses.explanation import WHOLE, Cause
from compare.numbers import listed

_FORWARD = (WHOLE, "x", "h", "yhat")


def joined(ways: Sequence[tuple[Cause, ...]]) -> tuple[Cause, ...]:
    """Returns the only way, or two as alternatives if they differ in one cause."""
    if len(ways) == 1:
        return ways[0]
    if len(ways) != 2 or len(ways[0]) != len(ways[1]):
        return ()
    pairs = list(zip(*ways, strict=True))
    if sum(one != other for one, other in pairs) > 1:
        return ()
    return tuple(one if one == other else _either(one, other) for one, other in pairs)


def _either(one: Cause, other: Cause) -> Cause:
    if one.quantities == other.quantities:
        return one._replace(said=f"{one.said}, or {other.said}")
    verb = "is" if len(other.quantities) == 1 else "are"
    return one._replace(said=f"{one.said}, or {listed(other.quantities)} {verb} {other.said}")


def told_claims(assumption: Assumption) -> list[Claim]:
    """Returns its claims in the order of the data.

    Of a layer without a bias nothing is said of dL/db: there it is the delta that dL/dw shows.
    """
    said = {(one.quantity, one.said) for one in assumption.claims}
    found = []
    for one in assumption.claims:
        kind, layer = one.quantity[:5], one.quantity[5:]
        if kind == "dL/db" and not assumption.case.network.has_bias(int(layer) - 1):
            if (f"dL/dw{layer}", one.said) in said:
                continue
            delta = f"delta{layer}"
            one = one._replace(
                quantity=delta, shown=one.shown and one.shown._replace(quantity=delta)
            )
        found.append(one)
    return sorted(found, key=lambda one: _order(one.quantity))


def causes_of(assumption: Assumption) -> tuple[Cause, ...]:
    """Returns what is claimed in the order of the data, the same of several layers as one."""
    grouped: dict[str, list[Claim]] = {}
    for claim in told_claims(assumption):
        grouped.setdefault(claim.said, []).append(claim)
    return tuple(
        Cause(
            tuple(one.quantity for one in same),
            said.format(
                **{
                    name: listed([one.names[name] for one in same])
                    for name in same[0].names
                    if all(name in one.names for one in same)
                }
            ),
        )
        for said, same in grouped.items()
    )


def _order(quantity: str) -> tuple[int, int, str]:
    """Sorts quantities by when they are computed."""
    kind = quantity.rstrip("0123456789")
    layer = int(quantity[len(kind) :] or 0)
    if kind in _FORWARD:
        return _FORWARD.index(kind), layer, kind
    return len(_FORWARD), -layer, {"delta": "", "dL/dw": "w", "dL/db": "x"}[kind]
