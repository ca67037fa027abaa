"""How sentences name the values of a reference."""

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.graph import Node, Step
from compare.problem.cuts import is_cotangent, place_name

# primitives that show the same numbers in another shape
VIEWS = ("reshape", "transpose", "broadcast_in_dim", "squeeze", "expand_dims", "copy",
         "convert_element_type", "stop_gradient")  # fmt: skip


def subject(case: Case) -> str:
    """Names what is held: '`norm`', 'the gradient by `w`'."""
    kind, name = case.key
    if kind == "output" and name == "output":
        return "the output"
    words = {"backward": "the cotangent of ", "gradient": "the gradient by ", "statistic": ""}
    return f"{words.get(kind, '')}`{name}`"


def behind_views(node: Node) -> Node:
    """Returns what a value shows in another shape, or itself."""
    while node.primitive in VIEWS:
        node = node.operands[0]
    return node


def readers(case: Case, node: Node) -> list[Step]:
    """Returns the steps that read a value."""
    return [step for step in case.target.steps if node in step.operands]


def described(node: Node) -> str:
    """Names a value: '`fc.bias`', 'the cotangent of `norm`'; '' if it has no name."""
    source = behind_views(node)
    if not source.name:
        return ""
    if is_cotangent(source.name):
        return f"the cotangent of `{place_name(source.name)}`"
    return f"`{source.name}`"
