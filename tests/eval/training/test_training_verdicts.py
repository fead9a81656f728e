"""Claims held against passages to fit what each sign counts for."""

from eval.training.lesson import Candidate, Lesson
from eval.training.verdicts import seen

TEXT = "Glencore has not shipped any cobalt since February. Exporters may ship 96,600 tonnes a year in 2026."


def claim(text, *, supports):
    return Lesson(text, "claims", text, (Candidate("Cobalt in Congo", TEXT, relevant=None, supports=supports),))


def test_claims_are_seen_as_the_product_sees_them():
    true, negated, invented, strange = seen(
        [
            claim("Glencore has not shipped any cobalt since February.", supports=True),
            claim("Glencore has shipped cobalt since February.", supports=False),
            claim("Exporters may ship 99,600 tonnes a year in 2026.", supports=False),
            claim("Zebras graze quietly.", supports=False),
        ],
        None,
    )
    assert [one.supported for one in (true, negated, invented, strange)] == [True, False, False, False]
    assert [one.lacking for one in (true, negated, invented, strange)] == [False, False, True, False]
    assert true.signs.turned == 0 < negated.signs.turned
    assert true.signs.coverage == 1 > strange.signs.coverage
    assert true.signs.cosine > strange.signs.cosine
    assert {one.signs.checked for one in (true, negated, invented, strange)} == {0}
