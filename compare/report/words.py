"""What the tables of a report are of and what their columns mean: half a line each, said once.

docs/glossary.md has the same words and all others, each with where it comes from.
"""

from collections.abc import Iterable
from typing import NamedTuple

MEANINGS = {
    "products": (
        "how many bits of their factors matrix products kept, measured on products with known "
        "answers"
    ),
    "subnormal": (
        "who keeps numbers too small to be normal, and who takes them for zero, measured too"
    ),
    "shape": "of one sample",
    "max abs": "the largest |a - b|",
    "max rel": "the largest |a - b|, divided by the larger of |a| and |b| there",
    "at": "the sample, [index] in the parameter, and the pair",
    "scaled": "max abs, divided by the largest entry of the parameter",
    "bound": (
        "the largest share that |a - b| uses of what rounding can do to an entry, end to end, in "
        "the samples whose bounds were worked out; over 1 no rounding explains it"
    ),
    "rounding used": (
        "the largest share that |a - b| uses of what rounding can do to an entry, end to end, in "
        "the samples whose bounds were worked out; over 100 % no rounding explains it"
    ),
    "ulp": (
        "how many steps lead from a to b, each from a number of the dtype to the next; the most "
        "of any entry"
    ),
    "digits": (
        "the share of samples all of whose entries agree to 5 significant digits or 7 decimals: by "
        "value, where |a - b| is at most half a unit of the last digit, or as text, printed"
    ),
    "certified": "in so many samples it holds",
    "failed": "it does not",
    "silent": "nothing can be said, as where zeros hide what was computed",
    "at kink": "certified where the input of an activation is where its slope jumps",
    "tightest": "the largest share of an allowance that is used",
    "by": "the rule that allows it, and the parameter",
    "witness": (
        "its distance from a derivative by complex steps, divided by the largest entry, in the "
        "first samples"
    ),
    "moved": "entries whose bits are others now",
    "held against": (
        "the mean or the sum of its own gradients of single samples, or of those that float64 gives"
    ),
    "used": (
        "the largest share that |a - b| uses of what rounding can do since the places before; "
        "over 100 % no rounding explains it"
    ),
    "unlikely": (
        "the same of four times what rounding typically does; over 100 % it is worth a look"
    ),
    "reference": "max abs of the reference itself, computed in the same dtype",
    "theirs": "what that implementation has",
    "ours": "what follows from its own steps before it",
}


RULES = {
    "rank_one": "the gradient of a weight matrix is its input times delta",
    "input": "the first layer's input is x",
    "activation": "a layer's input is phi of what the layer below it gives",
    "output": "the last delta is what the loss gives",
    "chain": "delta is what comes back from the layer above, times phi'",
}

WORDS = {
    "agree": "no difference is larger than rounding can make it",
    "disagree": "a gradient is proved wrong, or two differ by more than any rounding",
    "undecided": "there is no proof either way, as where numbers are not finite",
    "w1, b1": "the weights and the bias of the first layer",
    "z, h, phi": "a layer's value before and after its activation, h = phi(z)",
    "delta": "the derivative of the loss by z",
    "step": "from one number of the dtype to the next, an ulp",
    "entry": "one number of a parameter's gradient, in one sample",
    "layout": "w is [inputs, outputs] in in_out, [outputs, inputs] in out_in",
    **{f"rule {name}": means for name, means in RULES.items()},
}


class Caption(NamedTuple):
    """What a table is of, in whole sentences, and those of its words that are explained there."""

    says: str
    words: tuple[str, ...] = ()

    def text(self) -> str:
        """Returns both as running text."""
        return " ".join([self.says, *(f"{word}: {said}." for word, said in self.meanings())])

    def of(self, *words: str) -> "Caption":
        """Returns the same of a table with other columns."""
        return self._replace(words=words)

    def meanings(self) -> Iterable[tuple[str, str]]:
        """Yields each word with what it means."""
        return ((word, MEANINGS[word]) for word in self.words)


RAN = Caption(
    "What ran. A letter stands for an implementation below.",
    ("products", "subnormal"),
)
MATRIX = Caption(
    "Any two: above the diagonal the largest |a - b|, below it the largest relative one."
)
PARAMETERS = Caption(
    "Every parameter, in the pair that differs most.",
    ("max abs", "max rel", "at", "scaled", "bound"),
)
PAIRS = Caption("Every pair, in the parameter that differs most.", ("ulp", "digits"))
CERTIFICATES = Caption(
    "Every implementation by itself: its own gradient is held against the chain rule, layer by "
    "layer, within what rounding can do in each step.",
    ("certified", "failed", "silent", "at kink", "tightest", "witness"),
)
PICTURES = Caption(
    "The network: forward along the top, backward along the bottom, the gradients of the weights "
    "between. A box says how much of the rounding allowed there is used at most; one with a cross "
    "is wrong. Rules that compare with what is wrong there are broken too, and have no cross."
)
HEATMAPS = Caption(
    "One figure a layer, the largest of all pairs: how far apart every entry is, and how much of "
    "what rounding can do there that uses. What rounding does not explain, or is not finite, has "
    "the colour of a failure, and a cross where there are few. Up to 48 × 48 cells a matrix."
)
FIGURES = {
    "histogram_ulp": "Rounding is one hill at a few ulp, a mistake a hill of its own to the right.",
    "error_by_sample": (
        "A mistake in the code is in all samples, one in the data begins somewhere, and a bad chip "
        "shows as single peaks."
    ),
    "error_by_size": (
        "Rounding errors follow the size of the value; a thick cross is more than any rounding."
    ),
}
GRAPHS = Caption(
    "The operations that torch and JAX record for this network, forward in solid and backward in "
    "dashed boxes."
)
DETECTABLE = Caption(
    "In the first samples a change of one entry by so many ulp breaks a rule, whoever makes it."
)
FIXED_RULES = Caption(
    "What the tolerances of other libraries say, by their defaults. They know nothing of the "
    "network: a right gradient can fail them, and a wrong one pass."
)
BATCHES = Caption(
    "Every implementation's gradient of a batch, within what rounding can do.", ("held against",)
)
STEPS = Caption(
    "Forward and backward, each step at the entry that is furthest off.", ("theirs", "ours")
)
BATCH_PAIRS = Caption(
    "Any two gradients of the same batch, in the parameter in which they differ most."
)
PLACES = Caption(
    "Every submodule, forward and backward: how much of what rounding can do its worst place uses. "
    "Each opens to what is beneath it, and a place to the entry that uses most, beside what "
    "follows exactly from what was found at the places before it."
)
RESULTS = Caption(
    "What every program returns: a is what was found, and b what follows exactly from the "
    "arguments. Rounding used is that since the places before."
)
CHECKS = Caption(
    "At every place and in every result a is what was found, and b what follows exactly from what "
    "was found at the places before it.",
    ("max abs", "ulp", "used", "unlikely"),
)
CHANGE = Caption("Every implementation held against itself in the baseline.", ("moved",))
