"""How the frameworks computed, as was measured: products, subnormal numbers, memory."""

from collections.abc import Mapping, Sequence

from compare.numbers import counted
from compare.results import ProbedEngine, Report

_FLOAT32 = 23  # its fraction bits


def rows_of_engines(report: Report, letters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Returns (label, text) for the head of a report."""
    engines = report.engines
    if not engines:
        return []
    rows = [
        ("products", _products(report, letters)),
        ("subnormal", _subnormals(engines, letters)),
    ]
    memory = ", ".join(
        f"{one.framework} {one.peak_bytes / 2**20:,.1f} MiB on {one.device}"
        for one in engines
        if one.peak_bytes is not None
    )
    if memory:
        rows.append(("memory", f"at its peak, {memory}"))
    return rows + told_of_engines(report, letters)


def told_of_engines(report: Report, letters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Returns (label, text) for what was asked for: runs again, and devices that are not there."""
    absent = _absent(report)
    rows = [("repeated", _repeated(report, letters))] if report.noises else []
    return rows + ([("no gpu", absent)] if absent else [])


def _products(report: Report, letters: Mapping[str, str]) -> str:
    """Says what of the factors of matrix products counted."""
    asked = report.config["matmul_precision"]
    said: dict[str, list[str]] = {}
    for engine in report.engines:
        reduced = engine.probed.reduced
        dtype, bits = engine.probed.dtype.name, engine.probed.dtype_bits
        text = f"in {reduced}" if reduced else f"with all {bits} bits of {dtype}"
        sums = engine.probed.sum_bits
        if sums is not None and bits < _FLOAT32 == sums:
            text += ", sums in float32"
        elif sums is not None and sums != bits:
            text += f", sums in {sums} bits"
        said.setdefault(text, []).extend(engine.implementations)
    each = "; ".join(f"{_who(names, letters)} {text}" for text, names in said.items())
    return f"{asked} asked for; measured: {each}"


def _subnormals(engines: Sequence[ProbedEngine], letters: Mapping[str, str]) -> str:
    """Says who flushes what to zero."""
    said: dict[str, list[str]] = {}
    for engine in engines:
        flushed = [
            what
            for what, kept in (
                ("inputs", engine.probed.keeps_subnormal_inputs),
                ("results", engine.probed.keeps_subnormal_results),
            )
            if not kept
        ]
        text = f"flush {' and '.join(flushed)} to zero" if flushed else "kept"
        said.setdefault(text, []).extend(engine.implementations)
    return "; ".join(f"{_who(names, letters)} {text}" for text, names in said.items())


def _repeated(report: Report, letters: Mapping[str, str]) -> str:
    """Says what changed from run to run."""
    runs = max(noise.runs for noise in report.noises.values())
    still = [name for name, noise in report.noises.items() if not noise.moved]
    said = [f"{_who(still, letters)} to the same bits"] if still else []
    said += [
        f"{letters[name]} with {noise.moved:,} of {counted(noise.entries, 'entry', 'entries')} "
        f"other, {noise.in_words()}"
        for name, noise in report.noises.items()
        if noise.moved
    ]
    return f"{counted(runs, 'time')}: {'; '.join(said)}"


def _absent(report: Report) -> str:
    """Says which framework finds no GPU, where all devices were asked for."""
    if report.config["device"] != "all":
        return ""
    having = {one.framework for one in report.engines if not one.device.startswith("cpu")}
    without = [
        name
        for name in dict.fromkeys(one.framework for one in report.engines)
        if name not in having
    ]
    remedies = {
        "jax": "jax[cuda13] and JAX_PLATFORMS decide what it finds",
        "torch": "a CUDA build of torch finds it",
    }
    return "; ".join(f"{name} finds none: {remedies[name]}" for name in without)


def _who(names: Sequence[str], letters: Mapping[str, str]) -> str:
    return " ".join(letters[name] for name in names)
