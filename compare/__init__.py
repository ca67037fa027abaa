"""Are these gradients the same, and if not, who is wrong, where, and why?

`compare_gradients` runs a comparison and returns a `Report`; `assert_gradients_agree` is the same
for test suites; `roundoff` bounds what rounding can do to a JAX function, `explain` says why, and
`register_rule` teaches it a primitive. The rarer arguments are in groups: `CallStyle`, `Machine`,
`Draw`, `Detail`. Each is loaded when it is first named, and jax and torch with it.
"""

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

from compare.errors import UsageError

if TYPE_CHECKING:
    from compare.api import compare_gradients
    from compare.evidence.rounding import explain, register_rule, roundoff
    from compare.function_api import compare_functions
    from compare.implementations.programs.candidate import Candidate
    from compare.implementations.programs.model import Model
    from compare.options.groups import CallStyle, Detail, Draw, Machine
    from compare.problem.cuts import cut
    from compare.report.report import Report
    from compare.steps.training import Training
    from compare.steps_api import compare_steps
    from compare.testing import assert_gradients_agree, assert_within_rounding

    __version__: str

__all__ = [
    "CallStyle",
    "Candidate",
    "Detail",
    "Draw",
    "Machine",
    "Model",
    "Report",
    "Training",
    "UsageError",
    "__version__",
    "assert_gradients_agree",
    "assert_within_rounding",
    "compare_functions",
    "compare_gradients",
    "compare_steps",
    "cut",
    "explain",
    "register_rule",
    "roundoff",
]

_HOMES = {
    "Report": "compare.report.report",
    "assert_gradients_agree": "compare.testing",
    "assert_within_rounding": "compare.testing",
    "Candidate": "compare.implementations.programs.candidate",
    "Model": "compare.implementations.programs.model",
    "compare_functions": "compare.function_api",
    "compare_gradients": "compare.api",
    "Training": "compare.steps.training",
    "compare_steps": "compare.steps_api",
    "cut": "compare.problem.cuts",
    "explain": "compare.evidence.rounding",
    "register_rule": "compare.evidence.rounding",
    "roundoff": "compare.evidence.rounding",
    **dict.fromkeys(("CallStyle", "Detail", "Draw", "Machine"), "compare.options.groups"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("jaxmlp")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
