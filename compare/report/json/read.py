"""A report.json that exists: read, and refused in one sentence where it is none."""

import importlib.resources
import json
import os
from typing import Any

from compare.errors import UsageError
from compare.report.json.validation import first_fault
from compare.report.json.write import SCHEMA_VERSION

_LARGEST = 16 * 2**20  # bytes: that of a wide, deep network with many pairs has 1 MiB


def read_report(path: str) -> str:
    """Returns the text of a report.json.

    Raises:
      UsageError: if it cannot be read, is too large, damaged, of something else or older.
    """
    text = _read(path)
    try:
        report = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise UsageError(
            f"{path}: expected the report.json of a run, which is JSON; this is not, or is damaged"
        ) from None
    _check(path, report)
    return text


def _read(path: str) -> str:
    if os.path.exists(path) and not os.path.isfile(path):
        got = "a folder" if os.path.isdir(path) else "no regular file"
        raise UsageError(f"{path}: expected the report.json of a run, got {got}")
    try:
        with open(path, "rb") as stream:
            content = stream.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: expected the report.json of a run: {why}") from None
    if len(content) > _LARGEST:
        raise UsageError(
            f"{path}: expected the report.json of a run, got more than {_LARGEST // 2**20} MiB, "
            "which none has"
        )
    return content.decode("utf-8", errors="replace")


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _check(path: str, report: Any) -> None:
    version = report.get("schema_version") if isinstance(report, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise UsageError(
            f"{path}: expected the report.json of a run, got JSON without a schema_version"
        )
    if version != SCHEMA_VERSION:
        age = "an older" if version < SCHEMA_VERSION else "a newer"
        raise UsageError(
            f"{path}: expected schema_version {SCHEMA_VERSION}, got {version}, which {age} version "
            "of this program has written; run the comparison again, or use that version"
        )
    schema = importlib.resources.files("compare.report").joinpath("schema.json").read_text("utf-8")
    fault = first_fault(report, json.loads(schema))
    if fault is not None:
        raise UsageError(f"{path}: it is damaged, or has been edited: {fault}")
