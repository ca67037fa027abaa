"""What of a reference is nowhere in a program."""

from compare.matching.intermediates import Intermediates, tolerance, wide
from compare.problem.cuts import is_cotangent
from compare.problem.recording import Key, Recording


def lost(reference: Recording, own: Recording) -> frozenset[Key]:
    """Returns the places and the outputs whose values are nowhere, none if all outputs are right.

    Args:
      reference: computed in float64.
      own: of the program, with all its intermediate values as places.
    """
    known = Intermediates(own.places, tolerance(own.narrowest, reference.narrowest))
    made = wide(own.outputs)
    outputs = [
        ("output", name)
        for name, one in wide(reference.outputs).items()
        if name not in made or not known.are_same(one, made[name])
    ]
    if not outputs:
        return frozenset()
    places = [
        ("forward", place)
        for place, one in wide(reference.places).items()
        if not is_cotangent(place) and not known.is_constant(one) and not known.fits(one)
    ]
    return frozenset([*places, *outputs])
