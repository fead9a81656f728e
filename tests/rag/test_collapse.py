"""Copies are shown once: of an update the latest version, of an excerpt and its whole one, and nothing is borne out twice by copies."""

import pytest

from index import Article, ArticleFilter
from rag import Pipeline, Question, Retriever
from rag.copies import contained, word_shingles

STORY = (
    "The Harbour Authority said on Monday that 16 containers had been lost from the freighter Marigold off Cape Wrath. Divers from the"
    " coastguard station at Scrabster searched the wreck site for nine hours. The owner of the ship, Northwind Lines, said that none of"
    " the cargo was dangerous. Fishermen were told to keep clear of the area until Friday. Captain Elsa Lund said that a wave of 14"
    " metres had broken over the deck shortly before midnight. The ship had left Hamburg on Saturday with 2,400 containers on board for"
    " Reykjavik. Insurers put the damage at 3.4 million euros. An inquiry by the Marine Accident Branch is to report in the spring of"
    " next year, and a spokesman asked anybody who found goods on the beaches of Sutherland to call the coastguard. The minister for"
    " transport, Iain Brodie, called for satellite trackers on every container that crosses the Atlantic."
)
UPDATED = STORY.replace("16 containers", "19 containers")
FILLER = (
    "Readers of this paper know the stretch of water well, since ferries cross it every morning and most evenings of the year. Its"
    " lighthouse was built by an uncle of a well known novelist. Sheep graze up to the edge of the cliffs, and walkers come in summer."
)
QUESTION = "How many containers were lost from the freighter Marigold off Cape Wrath?"


def article(article_id, text=STORY, *, title="Containers lost off Cape Wrath", source="Wire", published="2024-03-04"):
    return Article(id=article_id, text=text, title=title, source=source, published=published)


OTHERS = [
    article("o1", "Chile opened a lithium plant near Antofagasta in May. Codelco runs it.", title="Chile", source="Post"),
    article("o2", "A storm closed the port of Hamburg on Sunday. Ferries were cancelled across the north.", title="Storm", source="Post"),
]
OLD, NEW = article("old"), article("new", UPDATED, published="2024-03-05")


def hits(library, query=QUESTION, k=10, **options):
    return [(hit.article_id, hit.also_in, hit.superseded_by) for hit in Retriever(library).search(query, k, **options)]


def test_of_an_updated_story_the_newest_version_is_shown(make_library):
    for articles in ([OLD, NEW], [NEW, OLD]):
        found = hits(make_library([*articles, *OTHERS]))
        assert found[0] == ("new", (), None), "the older one says something else here"
        assert "old" not in {one[0] for one in found}
        assert {one[1] for one in found[1:] if one[0] == "new"} == {("old",)}, "what both say is named"


def test_the_older_version_is_shown_and_marked_where_the_newer_may_not_be(make_library):
    library = make_library([OLD, NEW, *OTHERS])
    found = hits(library, only=ArticleFilter(before="2024-03-04"))
    assert found[0] == ("old", (), "new")
    assert [record["superseded_by"] for record in library.articles()] == [None, None, None, "new"], "by id: new, o1, o2, old"


def test_the_newest_of_three_versions_is_found_through_the_one_between(make_library):
    third = article("third", UPDATED.replace("14 metres", "17 metres").replace("nine hours", "ten hours"), published="2024-03-06")
    found = hits(make_library([OLD, NEW, third, *OTHERS]))
    assert found[0] == ("third", ("new",), None)
    assert {one[0] for one in found} == {"third", "o1", "o2"}


def test_a_passage_that_stands_in_the_older_version_alone_is_still_found(make_library):
    """And is marked as that of an older version."""
    own = "Two seals were seen on the beach by a walker from Thurso who took pictures of both."
    first = next(hit for hit in Retriever(make_library([article("old", f"{STORY}\n\n{own}"), NEW, *OTHERS])).search("seals on the beach"))
    assert own in first.text
    assert (first.article_id, first.superseded_by) == ("old", "new")


def test_a_copy_cut_at_other_places_is_shown_once(make_library, make_embedder):
    """Other words in front make other passages, whose vectors and words agree less than those of copies."""
    copy = article("b", f"{FILLER} {STORY}", title="Freighter loses boxes", source="Gazette")
    library = make_library([article("a"), copy, *OTHERS], model=make_embedder(max_tokens=80))
    found = [hit for hit in Retriever(library).search(QUESTION, 10) if "16 containers" in hit.text]
    assert [{hit.article_id, *hit.also_in} for hit in found] == [{"a", "b"}]


def test_an_excerpt_and_its_whole_are_one(make_library):
    part = STORY[STORY.index("Captain Elsa") : STORY.index("An inquiry")]
    library = make_library([article("whole"), article("part", part, title="Wave hits ship", source="Post"), *OTHERS])
    question = "How high was the wave that broke over the deck of the ship?"
    found = [hit for hit in Retriever(library).search(question, 10) if hit.article_id in {"whole", "part"}]
    assert {hit.article_id for hit in found} == {"whole"}
    for n, hit in enumerate(found):
        assert hit.also_in == (("part",) if hit.text in part else ())
        words = [word_shingles(other.text) for other in found[:n]]
        assert all(contained(word_shingles(hit.text), other) < 0.5 for other in words), "no two show the same words for the most part"
    answer = Pipeline(library, threshold=0.0).ask(Question(question))
    assert len({" ".join(citation.quote.split()) for citation in answer.citations}) == len(answer.citations)


def test_copies_that_say_other_figures_are_both_shown_where_nobody_knows_which_came_first(make_library):
    library = make_library([article("a", published=None), article("b", UPDATED, published=None), *OTHERS])
    assert {one[0] for one in hits(library)} >= {"a", "b"}


@pytest.mark.parametrize("printed", ["2024-03-06", None])
def test_the_first_version_printed_late_or_without_a_date_is_no_newer_one(make_library, printed):
    late = article("late", title="Loss at sea", source="Gazette", published=printed)
    for articles in ([OLD, NEW, late], [late, NEW, OLD]):
        library = make_library([*articles, *OTHERS])
        found = hits(library)
        assert found[0] == ("new", (), None)
        assert {one[0] for one in found} == {"new", "o1", "o2"}, "both printings of the first version stand behind the second"
        older = {record["id"]: record["superseded_by"] for record in library.articles() if record["superseded_by"]}
        assert older == {"old": "new", "late": "new"}


def test_only_articles_that_pass_a_filter_are_named(make_library):
    library = make_library(
        [article("a"), article("b", source="Gazette"), article("c", f"By Ben Achebe\n\n{STORY}", source="Post"), *OTHERS]
    )
    (first, *_) = hits(library)
    assert {first[0], *first[1]} == {"a", "b", "c"}
    (first, *_) = hits(library, only=ArticleFilter(sources=("Wire", "Post")))
    assert {first[0], *first[1]} == {"a", "c"}


def test_a_run_never_collapses(make_library):
    library = make_library([OLD, NEW, article("c", f"By Ben Achebe\n\n{STORY}"), *OTHERS])
    assert {"old", "new", "c"} <= {article_id for article_id, _ in Retriever(library).run(QUESTION)}


def test_copies_bear_nothing_out_twice(make_library):
    library = make_library([OLD, NEW, article("copy", f"By Ben Achebe\n\n{STORY}", source="Gazette"), *OTHERS])
    with library.view() as view:
        rows = {name: view.article_row(name) for name in ("old", "new", "copy", "o1")}
        for one in ("old", "new", "copy"):
            for other in ("old", "new", "copy"):
                assert view.one_story(rows[one], rows[other])
            assert not view.one_story(rows[one], rows["o1"])


@pytest.mark.parametrize("published", ["2024-03-05", None])
def test_an_answer_never_cites_the_same_words_twice(make_library, published):
    copies = [
        article("a"),
        article("b", f"By Ben Achebe\n\n{STORY}", source="Gazette", published=published),
        article("c", f"{FILLER}\n\n{STORY}", source="Post", published=published),
        article("d", STORY[: STORY.index("An inquiry")], source="Echo", published=published),
    ]
    for question in (QUESTION, "Who owns the ship?", "Who is the captain and how high was the wave?", "What did the ship carry?"):
        answer = Pipeline(make_library([*copies, *OTHERS]), threshold=0.0).ask(Question(question))
        quotes = [" ".join(citation.quote.split()) for citation in answer.citations]
        assert len(set(quotes)) == len(quotes), answer.text
        assert answer.conflict is None
