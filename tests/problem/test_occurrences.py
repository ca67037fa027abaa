"""How places are numbered that a program passes often."""

from compare.problem.occurrences import Occurrences, numbered


def test_cotangents_have_the_numbers_of_their_values_and_come_the_other_way_round():
    occurrences = Occurrences()
    names = ["h", "h", "end", "h", "d:h", "d:end", "d:h", "d:h"]
    found = list(map(occurrences.next, names))
    assert found == ["h", "h@1", "end", "h@2", "d:h@2", "d:end", "d:h@1", "d:h"]


def test_lists_are_numbered_in_the_same_way():
    assert numbered([("d:h", "cba"), ("h", "abc")]) == {
        **{"h": "a", "h@1": "b", "h@2": "c"},
        **{"d:h": "a", "d:h@1": "b", "d:h@2": "c"},
    }
