"""A report.json that exists: read, and refused in one sentence where it is none."""

import importlib.util
import json
import os
from typing import Any

from compare.errors import UsageError
from compare.report.document import Json
from compare.report.json.schema import first_fault, schema_of

_LARGEST = 16 * 2**20  # bytes: that of a wide, deep network with many pairs has 1 MiB


def read_report(path: str) -> Json:
    """Returns a report.json, parsed.

    Raises:
      UsageError: if it cannot be read, is too large, damaged, of something else or older, and if
        jsonschema, which checks it, is not installed.
    """
    if importlib.util.find_spec("jsonschema") is None:
        raise UsageError(
            f"{path}: a report.json is checked by jsonschema, which is not installed; "
            'pip install "jaxmlp[report]"'
        )
    text = _read(path)
    try:
        report: Json = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise UsageError(
            f"{path}: expected the report.json of a run, which is JSON; this is not, or is damaged"
        ) from None
    _check(path, report)
    return report


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
    known = schema_of(report).version
    if version != known:
        age = "an older" if version < known else "a newer"
        raise UsageError(
            f"{path}: expected schema_version {known}, got {version}, which {age} version "
            "of this program has written; run the comparison again, or use that version"
        )
    fault = first_fault(report)
    if fault is not None:
        raise UsageError(f"{path}: it is damaged, or has been edited: {fault}")
