"""Claims to learn from: those that were written, those made by rule, and which of them are kept for choices."""

import gzip
import json

from eval.training.claims import INVENTED, WRITTEN, beside_others, checksum, invented, made, written
from eval.training.lesson import Candidate, Lesson
from eval.training.sets import Part

TEXT = (
    "Chile presented a lithium plan on 20 April 2023. The state was not given a majority in 12 ventures of the Salar de Atacama. "
    "Codelco leads the talks with Albemarle. It rose. Output was expected to rise to 244,000 tonnes by 2030."
)


def passages(count=40):
    return [Candidate(f"Lithium {n}", TEXT.replace("244,000", f"{244 + n},000"), relevant=True) for n in range(count)]


def test_written_claims_are_told_by_the_passage_they_are_about(tmp_path):
    train = next(one for one in passages() if not checksum(one).startswith("0"))
    choice = next(one for one in (Candidate("", f"{TEXT} {n}") for n in range(1000)) if checksum(one).startswith("0"))
    rows = [
        {"passage": checksum(train), "claim": "Chile has a plan.", "supported": True, "kind": "p"},
        {"passage": checksum(choice), "claim": "Chile has none.", "supported": False, "kind": "negated"},
        {"passage": "f" * 12, "claim": "Nobody knows this passage.", "supported": True, "kind": "p"},
    ]
    file = tmp_path / "claims.jsonl.gz"
    file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    known = {checksum(one): one for one in (train, choice)}
    (lesson,) = written(known, Part.TRAIN, file)
    assert (lesson.question, lesson.candidates[0].supports, lesson.candidates[0].text) == ("Chile has a plan.", True, train.text)
    (lesson,) = written(known, Part.DEV, file)
    assert (lesson.question, lesson.candidates[0].supports) == ("Chile has none.", False)


def test_the_written_claims_are_of_both_kinds_and_whole():
    with gzip.open(WRITTEN, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) > 5_000
    assert all(set(row) == {"passage", "claim", "supported", "kind"} and len(row["passage"]) == 12 for row in rows)
    assert all(20 < len(row["claim"]) < 400 for row in rows)
    assert 0.45 < sum(row["supported"] for row in rows) / len(rows) < 0.55
    assert len({(row["passage"], row["claim"]) for row in rows}) == len(rows)


def test_what_is_made_by_rule_stands_in_the_passage_or_does_not():
    lessons = made(passages(), 40)
    assert [one.question for one in lessons] == [one.question for one in made(passages(), 40)]
    assert {one.candidates[0].supports for one in lessons} == {True, False}
    for one in lessons:
        (shown,) = one.candidates
        assert shown.relevant is None
        assert not shown.spans
        if not shown.supports:
            assert one.question not in shown.text
        assert not one.question.startswith("It ")


def test_no_more_are_made_than_are_wanted():
    assert len(made(passages(), 3)) == 3
    assert made([Candidate("", "Too short.")], 3) == []


def test_a_lesson_of_a_claim_goes_to_json_and_back():
    for one in made(passages(), 5):
        assert Lesson.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_claims_about_passages_that_were_made_up_are_whole_and_of_both_kinds():
    every = [*invented(Part.TRAIN), *invented(Part.DEV)]
    assert len(every) == 3_840
    assert len({checksum(one.candidates[0]) for one in every}) == 480
    assert sum(one.candidates[0].supports for one in every) == 1_920
    assert 0 < len(list(invented(Part.DEV))) < 500
    with gzip.open(INVENTED, "rt", encoding="utf-8") as lines:
        assert all(set(json.loads(line)) == {"title", "text", "claims"} for line in lines)


def test_beside_another_passage_a_claim_is_not_supported():
    lessons = list(invented(Part.DEV))
    more = beside_others(lessons, 1.0)
    own = {one.question: one.candidates[0] for one in lessons}
    assert len(more) == sum(one.candidates[0].supports for one in lessons)
    for one in more:
        assert not one.candidates[0].supports
        assert own[one.question].supports
        assert one.candidates[0].text != own[one.question].text


def test_another_passage_of_the_same_title_is_preferred():
    texts = [Candidate("Chile", f"{TEXT} {n}", supports=True) for n in range(2)] + [Candidate("Peru", TEXT, supports=True)]
    lessons = [Lesson(f"{n}", "claims", f"Claim {n}.", (one,)) for n, one in enumerate(texts)]
    found = {one.question: one.candidates[0] for one in beside_others(lessons, 1.0)}
    assert [found[f"Claim {n}."].text for n in range(2)] == [texts[1].text, texts[0].text]
    assert beside_others(lessons, 0.0) == []
