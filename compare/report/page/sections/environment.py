"""With what it was computed, and how to do it again; most of it folded away."""

from collections.abc import Callable, Iterator, Mapping

from compare.numbers import counted
from compare.report.document import Json, letters_of
from compare.report.labels import origin_of_samples, origin_of_weights
from compare.report.page.markup import (
    caption,
    command,
    definitions,
    folded,
    heading,
    paragraph,
    section,
)
from compare.report.page.sections.fixed_rules import fixed_rules
from compare.report.page.sections.noticed import noticed
from compare.report.words import RAN, WORDS

_OF_RUN = RAN._replace(says="As the run had them.")
_GLOSSARY = "All words, each with where it comes from, are in docs/glossary.md of the project."
_KEPT = {"inputs": "keeps_subnormal_inputs", "results": "keeps_subnormal_results"}


def environment(report: Json) -> str:
    """Returns what the verdict rests on, the command, and folded away what few need."""
    again = report["command"]
    return section(
        "environment",
        "How this was found",
        paragraph(f"The verdict rests on {report['rule']}."),
        "" if again is None else heading("To compare all of it again") + command(again),
        folded(
            "Weights, samples, versions and settings",
            caption(_OF_RUN),
            definitions([*_run(report), *environment_of(report["environment"])]),
        ),
        folded("How small a change would be noticed", noticed(report)),
        folded("What fixed tolerances say", fixed_rules(report)),
        folded("More words", definitions(WORDS.items()), paragraph(_GLOSSARY, "note")),
    )


def _run(report: Json) -> Iterator[tuple[str, str]]:
    config, letters = report["config"], letters_of(report)
    choice = report["weights"]
    read = "" if choice is None else f", read as {choice['words']}"
    yield "weights", origin_of_weights(config) + read
    yield "samples", f"at batch size 1, {origin_of_samples(config)}"
    yield "layout", config["layout"]
    if report["entries"] is not None:
        yield "bound", f"of {counted(report['entries']['samples'], 'sample')}"
    asked = f"{config['matmul_precision']} asked for"
    yield "products", f"{asked}; {_measured(report, letters, _product) or 'nothing measured'}"
    if report["engines"]:
        yield "subnormal", _measured(report, letters, _subnormal)


def _measured(report: Json, letters: Mapping[str, str], said: Callable[[Json], str]) -> str:
    """Says something of every framework on a device, after the letters of those that ran there."""
    return "; ".join(
        f"{' '.join(letters[name] for name in one['implementations'])} {said(one)}"
        for one in report["engines"]
    )


def _product(engine: Json) -> str:
    return f"{engine['operand_bits']} bits of {engine['dtype']}"


def _subnormal(engine: Json) -> str:
    flushed = [what for what, kept in _KEPT.items() if not engine[kept]]
    return f"take {' and '.join(flushed)} for zero" if flushed else "kept"


def environment_of(known: Json) -> Iterator[tuple[str, str]]:
    """Yields versions, machine and settings."""
    for name, value in known.items():
        if isinstance(value, dict):
            yield name, ", ".join(f"{k} {v}" for k, v in value.items())
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, str(value)
