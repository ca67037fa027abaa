"""The network, the samples and who took part."""

from collections.abc import Mapping

from compare.numbers import largest_error, number, share
from compare.report.document import Json, letters_of
from compare.report.labels import network_of, origin_of_samples, origin_of_weights, samples_of
from compare.report.page.markup import Cell, definitions, section, table

_COUNTS = ("certified", "failed", "silent", "at kink", "tightest")
_HEAD: tuple[str | Cell, ...] = ("", "dtype", "where", *map(Cell, _COUNTS), "by", Cell("witness"))


def compared(report: Json) -> str:
    """Returns what was compared, and one row for each implementation."""
    config, letters = report["config"], letters_of(report)
    products = _products(report, letters)
    rows = [
        ("network", network_of(config)),
        ("weights", origin_of_weights(config) + _read(report["weights"])),
        ("samples", f"{samples_of(config)}, {origin_of_samples(config)}"),
        ("dtype", config["dtype"]),
        ("products", f"{config['matmul_precision']} asked for; {products}"),
    ]
    if report["entries"] is not None:
        rows.append(("with end-to-end bounds", f"{report['entries']['samples']:,} samples"))
    who = table(
        "Samples by what each gradient proves of itself",
        _HEAD,
        [_row(one, report["witness"], letters) for one in report["implementations"]],
    )
    return section("compared", "What was compared", definitions(rows), who)


def _products(report: Json, letters: Mapping[str, str]) -> str:
    """Says what of the factors of matrix products counted."""
    each = (
        f"{' '.join(letters[name] for name in one['implementations'])} {one['operand_bits']} bits "
        f"of {one['dtype']}"
        for one in report["engines"]
    )
    return "; ".join(each) or "nothing measured"


def _read(choice: Json | None) -> str:
    return "" if choice is None else f", read as {choice['words']}"


def _row(one: Json, witness: list[Json], letters: Mapping[str, str]) -> list[str | Cell]:
    found, name = one["certificate"], one["name"]
    worst = found["worst"]
    errors = [error["scaled"] for error in witness if error["implementation"] == name]
    return [
        f"{letters[name]} {name}",
        one["dtype"],
        one["device"] if one["source"] is None else f"from {one['source']}{_read(one['read'])}",
        Cell(f"{found['certified']:,}"),
        Cell(f"{found['failed']:,}", "n wrong" if found["failed"] else "n"),
        Cell(f"{found['silent']:,}"),
        Cell(f"{found['at_kink']:,}"),
        Cell("-" if worst is None else share(found["worst_ratio"])),
        "" if worst is None else f"{worst['rule']} {worst['parameter']}",
        Cell(number(largest_error(errors))),
    ]
