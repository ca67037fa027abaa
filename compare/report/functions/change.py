"""What has moved since a baseline of functions, in words."""

from collections.abc import Iterator

from compare.numbers import counted, listed, short_count
from compare.report.document import Json
from compare.report.labels import changes_of


def title_of_change(change: Json) -> str:
    """Says what differs between the two runs."""
    versions, settings = (
        {name: (both["then"], both["now"]) for name, both in change[kind].items()}
        for kind in ("versions", "settings")
    )
    return f"Since the baseline {change['baseline']}: {changes_of(versions, settings)}"


def sentences_of(change: Json) -> Iterator[str]:
    """Yields one for each program, without an end."""
    since = _since(change)
    for drift in change["drifts"]:
        yield f"{drift['name']}: {_moved(drift, since)}"
    for where, names in (("the baseline", "only_then"), ("this run", "only_now")):
        if change[names]:
            yield f"only in {where}: {listed(change[names])}"


def _since(change: Json) -> str:
    """Says since when: 'jax 0.9.2', or the baseline where no version differs."""
    then = [f"{name} {both['then']}" for name, both in change["versions"].items() if both["then"]]
    return listed(then) or "the baseline"


def _moved(drift: Json, since: str) -> str:
    moved, compared = drift["moved"], _counted(drift["compared"])
    if not moved:
        return f"the same bits in {compared}{_alone(drift)}"
    first = moved[0]
    by = f"by {short_count(first['ulp'])} ulp"
    if first["ulp"] is None:
        by = "where it is finite on one side only"
    return (
        f"moved since {since}: first at {first['name']}, {first['kind']}, {by}; {_right(drift)}; "
        f"{len(moved):,} of {compared} moved{_alone(drift)}"
    )


def _right(drift: Json) -> str:
    """Says whether what moved is right, then and now."""
    if all(one["is_right"] for one in drift["moved"]):
        return "both are right to rounding"
    if drift["then"] == drift["now"]:
        return f"the verdict is {drift['now']}, then and now"
    return f"the verdict was {drift['then']} and is {drift['now']} now"


def _alone(drift: Json) -> str:
    alone = len(drift["only_then"]) + len(drift["only_now"])
    return f"; {_counted(alone)} in one of both runs alone" if alone else ""


def _counted(count: int) -> str:
    return counted(count, "place or result", "places and results")
