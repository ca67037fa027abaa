"""Reports of comparisons of functions, made by hand: nothing is computed for them."""

import json

import numpy as np

from compare.evidence.local.check import check
from compare.evidence.rounding.enclosure import Enclosure
from compare.function_results import Standing
from compare.report.functions.report import FunctionReport
from compare.report.functions.write import report_to_dict

U = 2.0**-24
SHAPE = (3, 4)
ENVIRONMENT = {"versions": {"jax": "0.9.2"}, "processor": "a processor", "cores": 2}


def checked(kind, name, off=0.1, *, sources=(), shape=SHAPE, bound=1e-6, value=None):
    """Returns a check of which one entry is off by so many times what is allowed."""
    exact = np.linspace(1, 2, int(np.prod(shape))).reshape(shape) if value is None else value
    error = np.stack([np.full(shape, bound), np.full(shape, bound / 10)])
    found = exact.copy()
    index = tuple(n // 2 for n in shape)
    if off and exact.size:
        found[index] += off * (bound + 4 * U * np.abs(exact).max(initial=0))
    return check(kind, name, tuple(sources), found, Enclosure(exact, error), U)


def model(blocks=3, wrong=None, kind="forward", off=182.0):
    """Returns the checks of a chain of blocks, one of which may be wrong in one direction."""
    names = [f"blocks.{i}.{part}" for i in range(blocks) for part in ("norm", "mlp.linear")]
    before = dict(zip(names, ["args[0]", *names], strict=False))

    def at(place, direction):
        is_wrong = (place, direction) == (wrong, kind)
        return checked(direction, place, off if is_wrong else 0.1, sources=(before[place],))

    return (
        *(at(one, "forward") for one in names),
        checked("output", "output", sources=names[-1:]),
        *(at(one, "backward") for one in reversed(names)),
        *(checked("gradient", f"{one}.weight", 0.2, sources=(one,)) for one in names),
    )


def standing(name="candidate", checks=None, verdict="agree", first=None, **more):
    """Returns how a program stands."""
    checks = model() if checks is None else checks
    places = sum(one.kind in ("forward", "backward") for one in checks)
    made = {
        "name": name,
        "framework": "torch",
        "device": "cpu",
        "verdict": verdict,
        "basis": "certificate",
        "sentence": "every difference is rounding" if verdict == "agree" else "it is wrong",
        "first": first,
        "checks": checks,
        "ends": tuple(one for one in checks if one.kind not in ("forward", "backward")),
        "exact": (),
        "places": places,
        "recorded": places,
        "warnings": (),
        "remarks": (),
    }
    return Standing(**{**made, **more})


def report(*candidates, reference=None, **more):
    """Returns a report of them; with none a candidate that agrees."""
    candidates = candidates or (standing(),)
    verdicts = {one.verdict for one in candidates}
    verdict = next((one for one in ("disagree", "undecided") if one in verdicts), "agree")
    deciding = next(one for one in candidates if one.verdict == verdict)
    made = {
        "verdict": verdict,
        "headline": f"{deciding.name}: {deciding.sentence}",
        "reason": deciding.sentence,
        "remarks": (),
        "warnings": (),
        "config": {"dtype": "float32", "seed": 0},
        "environment": ENVIRONMENT,
        "reference": standing("reference", framework="jax") if reference is None else reference,
        "candidates": candidates,
    }
    return FunctionReport(**{**made, **more})


def failing(name="candidate", *, wrong="blocks.1.mlp.linear", kind="forward", **more):
    """Returns a program that is wrong at one place."""
    checks = model(3, wrong, kind)
    first = next(one for one in checks if not one.holds)
    return standing(name, **{"checks": checks, "verdict": "disagree", "first": first, **more})


def not_a_number():
    """Returns a program with an output that is not finite where the exact one is."""
    checks = model()
    broken = np.linspace(1, 2, 12).reshape(SHAPE)
    error = np.full((2, *SHAPE), 1e-6)
    found = broken.copy()
    found[1, 2] = np.nan
    lost = check("forward", "blocks.1.norm", (), found, Enclosure(broken, error), U)
    checks = tuple(lost if one.kind + one.name == "forwardblocks.1.norm" else one for one in checks)
    return standing("candidate", checks, "disagree", lost)


def in_float64():
    """Returns a program that computes something else in float64."""
    exact = model(3, "blocks.2.norm", "backward")
    first = next(one for one in exact if not one.holds)
    return standing("candidate", model(), "disagree", first, exact=exact, basis="float64")


def plain():
    """Returns a program without places, of which bounds say nothing of a gradient."""
    checks = (
        checked("output", "output", shape=()),
        checked("gradient", "args[0]['w']", bound=1e3),
        checked("statistic", "running_mean", shape=(0,)),
    )
    return standing("a plain function", checks, recorded=0, places=0)


LONG = "encoder.layers.11.self_attention.very_long_name_of_a_module.out_projection.inner.linear"
REPORTS = {
    "agree": report,
    "disagree": lambda: report(failing()),
    "backward": lambda: report(failing(kind="backward")),
    "several": lambda: report(standing("one"), failing("two" * 20), plain()),
    "not_a_number": lambda: report(not_a_number()),
    "in_float64": lambda: report(in_float64()),
    "plain": lambda: report(plain()),
    "undecided": lambda: report(standing(verdict="undecided", basis="nothing")),
    "many": lambda: report(standing(checks=model(75))),
    "long": lambda: report(
        standing(checks=tuple(checked(kind, LONG) for kind in ("forward", "backward", "gradient")))
    ),
    "markup": lambda: report(failing("<b>&\"'$x$\x1b")),
}


def document_of(made):
    """Returns a report as it is read from its JSON."""
    return json.loads(json.dumps(report_to_dict(made)))
