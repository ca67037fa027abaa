"""Which assignments of a notebook make constants, told by their text alone."""

import ast
from collections.abc import Iterator

# Libraries whose functions make values of values, and builtins that do.
_NUMERIC = {"numpy", "math", "cmath", "jax", "torch", "functools", "fractions", "collections"}
_BUILTINS = {"abs", "complex", "dict", "float", "int", "len", "list", "max", "min", "pow", "range"}
_BUILTINS |= {"round", "set", "sorted", "str", "sum", "tuple", "zip"}
_SEEDED = (["default_rng"], ["RandomState"], ["PRNGKey"], ["key"])
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MADE = (
    *_COMPREHENSIONS,
    ast.Attribute,
    ast.BinOp,
    ast.BoolOp,
    ast.Call,
    ast.Compare,
    ast.Dict,
    ast.FormattedValue,
    ast.IfExp,
    ast.JoinedStr,
    ast.List,
    ast.Set,
    ast.Slice,
    ast.Starred,
    ast.Subscript,
    ast.Tuple,
    ast.UnaryOp,
)


class Scope:
    """The names that constants may be made of."""

    def __init__(self) -> None:
        self._libraries: set[str] = set()  # numeric ones, and what is imported from them
        self._values: set[str] = set()  # constants
        self._own: set[str] = set()  # functions and classes of the notebook, which are not called

    def add(self, statement: ast.stmt) -> None:
        """Notes what a statement that was run has made."""
        if isinstance(statement, ast.Import):
            aliases = [one for one in statement.names if _is_numeric(one.name)]
            self._libraries |= {(one.asname or one.name).partition(".")[0] for one in aliases}
        elif isinstance(statement, ast.ImportFrom):
            if statement.level == 0 and _is_numeric(statement.module or ""):
                self._libraries |= {one.asname or one.name for one in statement.names}
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._own.add(statement.name)
        else:
            self._values |= set(names_of(statement))

    def discard(self, name: str) -> None:
        """Forgets a name, which means something else by now."""
        for names in (self._libraries, self._values, self._own):
            names.discard(name)

    def makes_constants(self, statement: ast.stmt) -> bool:
        """Whether this assigns what is made of literals and known names alone."""
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            return False
        plain = (ast.Name, ast.Tuple, ast.List, ast.Starred, ast.expr_context)
        if not all(isinstance(node, plain) for one in targets for node in ast.walk(one)):
            return False  # w[0] = 1 changes what was made before
        return self._is_made_of(value, self._libraries | self._values | self._own | _BUILTINS)

    def _is_made_of(self, value: ast.expr, known: set[str]) -> bool:
        """Whether an expression computes with literals and known names only."""
        if isinstance(value, ast.Lambda | ast.Constant):
            return True  # what stands in a lambda is not run
        if isinstance(value, ast.Name):
            return value.id in known
        if isinstance(value, ast.Call) and not self._makes_values(value):
            return False
        if isinstance(value, _COMPREHENSIONS):
            targets = [node for one in value.generators for node in ast.walk(one.target)]
            known = known | {node.id for node in targets if isinstance(node, ast.Name)}
        parts = _expressions(value)
        return isinstance(value, _MADE) and all(self._is_made_of(part, known) for part in parts)

    def _makes_values(self, call: ast.Call) -> bool:
        """Whether a call makes a value of values: it reads no file and draws no random numbers."""
        if any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in call.args):
            return False  # the name of a file, say
        path, node = [], call.func
        while isinstance(node, ast.Attribute):
            path.append(node.attr)
            node = node.value
        if isinstance(node, ast.Call):
            return bool(path) and self._makes_values(node)  # np.arange(6).reshape(2, 3)
        if not isinstance(node, ast.Name):
            return False
        if any(part.startswith("rand") for part in (node.id, *path)) and path[:1] not in _SEEDED:
            return False
        of_values = self._values if path else _BUILTINS
        return node.id in self._libraries or (node.id in of_values and node.id not in self._own)


def names_of(statement: ast.stmt) -> Iterator[str]:
    """Yields the names that a statement makes outside of functions and classes."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


def _expressions(value: ast.AST) -> Iterator[ast.expr]:
    """Yields the expressions that are evaluated directly in a node."""
    for child in ast.iter_child_nodes(value):
        if isinstance(child, ast.expr):
            yield child
        else:
            yield from _expressions(child)  # keywords, and the loops of comprehensions


def _is_numeric(module: str) -> bool:
    return module.partition(".")[0] in _NUMERIC
