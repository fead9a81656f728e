"""What happens on the Ask tab, without a browser: each step with what a browser hands in, honest or forged."""

import asyncio
import json
import threading
from html import unescape

import gradio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request as StarletteRequest

from index import Article, ArticleFilter, StoreError
from rag import Answer, Pipeline, Question, Retriever, Writer
from ui.web.chat import _LONGEST_TALK, _MOST_TURNS, _OFFERED, Choices, Narrowing, Talk, _Desk
from ui.web.service import Service
from ui.web.suggestions import Suggestions, candidates

ARTICLES = [
    Article(
        id="chile",
        title="Chile's lithium plan",
        source="Reuters",
        published="2023-04-21",
        text="Chile presented a lithium plan in April 2023. The plan gives the state a majority in ventures.",
    ),
    Article(
        id="congo",
        title="Cobalt quotas in Congo",
        source="Argus",
        authors=("Ana Ruiz", "Bo Li"),
        published="2026-01-16",
        text="Congo may export 96,600 tonnes of cobalt in 2026. The quota of Congo replaced a ban on exports of cobalt.",
    ),
]
QUESTION = "How much cobalt may Congo export in 2026?"
NOTHING = Narrowing([], [], [], [], "", "")


@pytest.fixture
def service(make_library):
    library = make_library(ARTICLES)
    return Service(library, Pipeline(library, threshold=0), Retriever(library))


@pytest.fixture
def desk(service):
    return _Desk(service, Suggestions(service))


def last(steps):
    *_, (messages, box) = steps
    return [message["content"] for message in messages], box


def key_of(message):
    return next(name.removeprefix("key-") for name in message.split('"')[1].split() if name.startswith("key-"))


def handed_in(service, *messages, **more):
    """What a browser hands in after these answers."""
    turns = [{"question": (a := service.answers.get(key_of(one))).question, "key": key_of(one), "answer": a.to_json()} for one in messages]
    return json.dumps({"id": "talk1", "turns": turns, **more})


def test_reading_is_said_at_once_and_the_answer_follows_with_its_key(desk, service):
    steps = list(desk.ask(QUESTION, "", *NOTHING))
    first = [message["content"] for message in steps[0][0]]
    assert QUESTION in first[0].replace("&#58;", ":")
    assert "state-reading" in first[1]
    assert steps[0][1].stop_btn
    assert not steps[0][1].submit_btn
    messages, box = last(steps)
    assert "state-whole" in messages[1]
    assert "96,600 tonnes" in messages[1]
    assert box.submit_btn
    assert not box.stop_btn
    kept = service.answers.get(key_of(messages[1]))
    assert kept.question == QUESTION
    assert kept.citations[0].quote == ARTICLES[1].text[kept.citations[0].start : kept.citations[0].end]


def test_a_growing_answer_is_kept_under_its_key_as_far_as_it_came(desk, service):
    lengths, keys = [], set()
    for step in desk.ask("Tell me of Congo's quota and the ban on cobalt", "", *NOTHING):
        made = step[0][1]["content"]
        if "key-" in made:
            keys.add(key_of(made))
            lengths.append(len(service.answers.get(key_of(made)).sentences))
    assert len(keys) == 1
    assert lengths == sorted(lengths)
    assert lengths[0] == 1


def test_a_follow_up_is_understood_and_numbers_stay(desk, service):
    (_, one), _ = last(desk.ask(QUESTION, "", *NOTHING))
    messages, _ = last(desk.ask("When did it replace the ban?", handed_in(service, one), *NOTHING))
    assert len(messages) == 4
    assert "Understood as" in messages[3]
    kept = service.answers.get(key_of(messages[3]))
    assert "Congo" in kept.standalone_question
    again, _ = last(desk.ask(QUESTION, handed_in(service, one, messages[3]), *NOTHING))
    before = {(c.article_id, c.start, c.end): c.n for a in (one, messages[3]) for c in service.answers.get(key_of(a)).citations}
    for cited in service.answers.get(key_of(again[5])).citations:
        place = (cited.article_id, cited.start, cited.end)
        assert cited.n == before.get(place, cited.n)
        assert place in before or cited.n > max(before.values())


def test_numbers_survive_a_new_server(desk, service, make_library):
    (_, one), _ = last(desk.ask("What did Chile present?", "", *NOTHING))
    handed = handed_in(service, one)
    library = make_library(ARTICLES)
    other = Service(library, Pipeline(library, threshold=0), Retriever(library))
    messages, _ = last(_Desk(other, Suggestions(other)).ask(QUESTION, handed, *NOTHING))
    first = {c.n for c in service.answers.get(key_of(one)).citations}
    assert not first & {c.n for c in other.answers.get(key_of(messages[3])).citations}
    assert messages[1] == one.replace("turn-0", "turn-0 talk-talk1")


def test_a_question_is_asked_as_somebody_says_it_is_understood(desk, service):
    messages, _ = last(desk.ask("And that?", json.dumps({"turns": [], "understood": QUESTION}), *NOTHING))
    assert service.answers.get(key_of(messages[1])).standalone_question == QUESTION
    assert "96,600" in messages[1]


def test_filters_reach_the_search(desk):
    def cited(ids=None, **filters):
        messages, _ = last(desk.ask(QUESTION, json.dumps({"ids": ids}), *NOTHING._replace(**filters)))
        return messages[1]

    assert "96,600" in cited(sources=["Argus"])
    assert "96,600" not in cited(sources=["Reuters"])
    assert "96,600" in cited(after="2026", before="2026-01")
    assert "96,600" not in cited(before="2025")
    assert "96,600" not in cited(articles=["chile"])
    assert "96,600" not in cited(ids=["chile"])
    assert "96,600" in cited(authors=["Nobody", "BO LI"])
    assert "No article passes" in cited(authors=["Nobody"])
    assert "96,600" in cited(authors=["Bo Li"], languages=["de", "en"])
    assert "No article passes" in cited(languages=["de"])
    assert "No article passes" in cited(sources=["Nobody"])


def test_a_bad_date_is_said_beside_its_field_and_instead_of_an_answer(desk):
    limits, after, before, clear = desk.narrowed(*NOTHING._replace(after="31 June", before="2025"))
    assert "Not a date: '31 June'" in after.info
    assert "Not a date" not in before.info
    assert "up to 2025" in limits
    assert clear.visible
    messages, _ = last(desk.ask(QUESTION, "", *NOTHING._replace(after="31 June")))
    assert "state-failed" in messages[1]
    assert "expected a date" in messages[1]


@pytest.mark.parametrize("words", ["", "?!", None, 7, ["x"], "a" * 20_000])
def test_what_cannot_be_asked_gets_one_line(desk, words):
    messages, box = last(desk.ask(words, "", *NOTHING))
    assert "state-failed" in messages[1]
    assert "expected a question" in messages[1]
    assert box.submit_btn


def test_what_nobody_foresaw_shows_no_traceback(desk, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("/secret/place")

    monkeypatch.setattr(Service, "grow", broken)
    messages, _ = last(desk.ask(QUESTION, "", *NOTHING))
    assert "Something went wrong" in messages[1]
    assert "secret" not in messages[1]
    assert "secret" in caplog.text


def whole():
    """An answer as JSON."""
    return Answer(question="Q?", standalone_question="Q?", sentences=(), citations=(), hits=(), confidence=0.5, reason=None).to_json()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(whole())), value=JSON, also=JSON)
def test_a_forged_conversation_is_one_that_has_not_begun_or_is_shown(desk, field, value, also):
    answer = {**whole(), field: value}
    forged = json.dumps({"id": also, "turns": [{"question": also, "key": also, "answer": answer}], "ids": also, "understood": also})
    messages, _ = desk.show(forged)
    assert len(messages) in (0, 2)
    shown, _ = last(desk.ask(QUESTION, forged, *NOTHING))
    assert "state-whole" in shown[-1] or "state-failed" in shown[-1]


@pytest.mark.parametrize(
    "handed", [None, 3, [], "[", "[]", '"x"', "[" * 100_000, '{"turns": 3}', '{"turns": [3]}', '{"turns": [{}]}', "x" * 5_000_000]
)
def test_what_is_no_conversation_counts_as_none(desk, handed):
    assert [one for one in Talk.of(handed).turns if one.answer] == []
    assert "state-whole" not in "".join(message["content"] for message in desk.show(handed)[0])


@pytest.mark.parametrize("broken", [3, None, {"question": "Broken?"}, {"question": "Broken?", "answer": {"sentences": 3}}])
def test_a_turn_that_cannot_be_read_leaves_the_others_as_they_are(desk, service, broken):
    (_, one), _ = last(desk.ask(QUESTION, "", *NOTHING))
    talk = json.loads(handed_in(service, one))
    talk["turns"].insert(0, broken)
    shown = [message["content"] for message in desk.show(json.dumps(talk))[0]]
    assert len(shown) == 4
    assert "state-failed" in shown[1]
    assert "96,600" in shown[3]
    assert "talk-talk1" in shown[3]
    messages, _ = last(desk.ask("When did it replace the ban?", json.dumps(talk), *NOTHING))
    assert "turn-2" in messages[5]
    assert "Understood as" in messages[5]


def test_a_long_conversation_keeps_its_turns_and_ends_with_a_word(desk, service):
    (_, one), _ = last(desk.ask(QUESTION, "", *NOTHING))
    turn = json.loads(handed_in(service, one))["turns"][0]
    long = {"id": "talk1", "turns": [turn] * 150}
    messages, _ = last(desk.ask(QUESTION, json.dumps(long), *NOTHING))
    assert len(messages) == 302
    assert "turn-150" in messages[301]
    assert "state-whole" in messages[301]
    for over in ({**long, "turns": [turn] * (_MOST_TURNS + 1)}, {**long, "from": 7}):
        first = over.get("from", 1)
        messages, box = last(desk.ask(QUESTION, json.dumps(over), *NOTHING))
        assert f"turn-{first} " in messages[0]
        assert f"turn-{first + len(messages) // 2 - 1} " in messages[-1]
        assert "begin a new one" in messages[-1]
        assert box.submit_btn
    messages, _ = last(desk.ask(QUESTION, "x" * (_LONGEST_TALK + 1), *NOTHING))
    assert "begin a new one" in messages[-1]


def test_what_is_read_of_a_conversation_is_not_shown_to_be_read(desk, service, monkeypatch):
    (_, one), _ = last(desk.ask(QUESTION, "", *NOTHING))
    shown = []
    monkeypatch.setattr("ui.web.html.answer_html", lambda *_, **__: shown.append(1) or "")
    desk.show(handed_in(service, one))
    assert len(shown) == 1


def test_what_was_searched_is_said_as_it_was_then(service):
    service = Service(service.library, Pipeline(service.library, threshold=1), service.retriever)
    desk = _Desk(service, Suggestions(service))
    narrowing = Narrowing(["Reuters"], ["en", "de"], [], ["chile"], "", "")
    (_, said), _ = last(desk.ask(QUESTION, "", *narrowing))
    assert "Searched: 2 articles, of those only source Reuters, in language English or German, Chile's lithium plan; " in unescape(said)
    (_, other), _ = last(desk.ask(QUESTION, "", *NOTHING._replace(authors=["Bo Li", "Ana Ruiz"])))
    assert "Searched: 2 articles, of those only by Bo Li or Ana Ruiz; " in unescape(other)
    talk = json.loads(handed_in(service, said))
    then = unescape(desk.show(json.dumps(talk))[0][1]["content"])  # which filters there were is not known any more
    assert "Searched: the articles as they were when this was asked; 1 passage of those read kept." in then
    talk["turns"][0]["searched"] = "Searched: 2 articles; <b>1 passage read."
    shown = desk.show(json.dumps(talk))[0][1]["content"]
    assert "Searched: 2 articles; <b>1 passage read." in unescape(shown)
    assert "<b>" not in shown


def test_where_things_lie_on_the_server_is_said_to_nobody(desk, monkeypatch):
    def broken(*_, **__):
        raise StoreError("expected an index in /secret/place, found none")

    monkeypatch.setattr(Service, "grow", broken)
    monkeypatch.setattr(Service, "ask", broken)
    messages, _ = last(desk.ask(QUESTION, "", *NOTHING))
    assert "state-failed" in messages[1]
    assert "secret" not in messages[1]
    with pytest.raises(gradio.Error, match="cannot be used just now") as said:
        desk.chat(QUESTION, gradio.Request())
    assert "secret" not in str(said.value)
    with pytest.raises(gradio.Error, match="expected a question"):
        desk.chat("?!", gradio.Request())


def test_who_has_logged_in_is_told_to_the_page(desk):
    def seen(state):
        return json.loads(desk.visitor(gradio.Request(StarletteRequest({"type": "http", **state}))))

    assert seen({"state": {"user": "anna"}}) == {"name": "anna"}
    assert seen({"state": {"user": None}}) == {"name": None}
    assert seen({}) == {"name": None}


def test_an_article_chosen_is_named_by_its_title(desk):
    limits, *_ = desk.narrowed(*NOTHING._replace(articles=["congo"]))
    assert "Cobalt quotas in Congo" in limits


def test_who_wrote_it_and_in_which_language_is_said_among_the_filters(desk):
    limits, *_, clear = desk.narrowed(*NOTHING._replace(languages=["de", "tlh-x"], authors=["Ana <b>Ruiz"]))
    assert "by Ana &lt;b&gt;Ruiz" in limits
    assert "in language German or tlh-x" in limits
    assert clear.visible


def test_all_that_is_offered_is_read_without_reading_each_article(desk, service, monkeypatch):
    assert desk.choices() == Choices(
        [("Argus (1)", "Argus"), ("Reuters (1)", "Reuters")],
        [("English (2)", "en")],
        [("Ana Ruiz", "Ana Ruiz"), ("Bo Li", "Bo Li")],
        [("Chile's lithium plan", "chile"), ("Cobalt quotas in Congo", "congo")],
    )
    read = type(service.library).articles
    times = []
    monkeypatch.setattr(type(service.library), "articles", lambda *given: times.append(1) or read(*given))
    for _ in range(5):
        desk.choices()
    assert times == []
    service.library.remove("congo")
    assert desk.choices() == Choices([("Reuters (1)", "Reuters")], [("English (1)", "en")], [], [("Chile's lithium plan", "chile")])


def test_languages_are_offered_where_there_are_several_and_authors_where_there_are_any(make_library, monkeypatch):
    monkeypatch.setattr("ui.web.chat._PATIENCE", 0)

    def offered(*articles):
        library = make_library(articles)
        service = Service(library, Pipeline(library, threshold=0), Retriever(library))
        _, _, languages, authors, _ = asyncio.run(_Desk(service, Suggestions(service)).offer())
        return languages.visible, authors.visible, [label for label, _ in languages.choices]

    def one(name, language, *authors):
        return Article(id=name, text="Peru shut a smelter.", title="T", language=language, authors=authors)

    assert offered() == (False, False, [])
    assert offered(one("a", "en"), one("b", "EN", "Bo")) == (False, True, ["English (2)"])
    several = [one("a", "de"), one("b", "xx"), one("c", "de"), one("d", "en"), one("e", ""), one("f", "nb_NO\u202e")]
    assert offered(*several) == (True, False, ["German (2)", "English (1)", "nb_no\ufffd (1)", "xx (1)"])


@pytest.mark.parametrize("typed", ["2", "REPORTER 1", "nobody", "", None, 3, "\0", "\ud800", "x" * 100_000])
def test_authors_are_found_as_one_types_and_those_chosen_stay(make_library, typed):
    names = [f"Reporter {n}" for n in range(3_000)]
    articles = [Article(id=f"a{n}", text="Peru shut a smelter.", title="T", authors=names[n * 1_000 : (n + 1) * 1_000]) for n in range(3)]
    library = make_library([*articles, Article(id="b", text="Peru shut a smelter.", title="T", authors=("Reporter 2017",))])
    service = Service(library, Pipeline(library, threshold=0), Retriever(library))
    desk = _Desk(service, Suggestions(service))
    event = gradio.KeyUpData(None, {"key": "x", "input_value": typed})
    found = [value for _, value in desk.writers(["Reporter 7", "Whoever"], event).choices]
    words = typed.replace("\0", " ").casefold().split() if isinstance(typed, str) else []
    matching = [name for name in names if all(word in name.casefold() for word in words)]
    assert found[:2] == ["Reporter 7", "Whoever"]
    assert set(found[2:]) <= set(matching)
    assert len(found) in (len({*matching, "Reporter 7", "Whoever"}), _OFFERED + 2, _OFFERED + 1)
    if "Reporter 2017" in matching:
        assert found[2] == "Reporter 2017"  # who wrote more articles than the others


@pytest.mark.parametrize(
    "value", [None, 3, "x", {}, [3, None, {}], ["x"] * 10_000, ["\0", "\ud800", "\u202e", "<img src=x onerror=alert(1)>"]]
)
def test_forged_filters_do_no_harm(desk, value):
    for forged in (Narrowing(*[value] * 6), *(NOTHING._replace(**{name: value}) for name in Narrowing._fields)):
        messages, _ = last(desk.ask(QUESTION, "", *forged))
        assert "state-" in messages[1]
        limits, *_ = desk.narrowed(*forged)
        assert "<img" not in messages[1] + limits
        assert not set("\0\u202e\ud800") & set(messages[1] + limits)


def test_a_stopped_answer_is_shown_as_far_as_it_came(desk, service):
    (_, one), _ = last(desk.ask(QUESTION, "", *NOTHING))
    talk = json.loads(handed_in(service, one))
    talk["turns"][0]["stopped"] = True
    talk["turns"].append({"question": "And?", "key": "", "answer": None, "stopped": True})
    shown = [message["content"] for message in desk.show(json.dumps(talk))[0]]
    assert "state-stopped" in shown[1]
    assert "96,600" in shown[1]
    assert "Stopped before there was an answer" in shown[3]


def test_silence_that_came_back_without_what_was_searched_says_what_is_known(desk, service):
    _, answer = service.ask(Question("Who won the chess olympiad?", ()), ArticleFilter(ids=("nowhere",)))
    turn = {"question": answer.question, "key": "", "answer": answer.to_json(), "stopped": False}
    kept = {}, {"searched": "Searched: 7."}
    for more, said in zip(kept, ("Searched: the articles as they were when this was asked; 0 passages", "Searched: 7."), strict=True):
        assert said in unescape(desk.show(json.dumps({"turns": [turn | more]}))[0][1]["content"])


def test_a_question_that_another_page_waits_for_is_said_to_be_on_its_way(desk):
    turn = {"question": "And?", "key": "", "answer": None, "stopped": True}
    shown = [desk.show(json.dumps({"turns": [turn | {"pending": pending}]}))[0][1]["content"] for pending in (True, False, "x")]
    assert ["being answered on another page" in one for one in shown] == [True, False, False]


def test_one_conversation_knows_nothing_of_another(desk):
    list(desk.ask("What did Chile present?", json.dumps({"id": "a", "turns": []}), *NOTHING))
    messages, _ = last(desk.ask(QUESTION, json.dumps({"id": "b", "turns": []}), *NOTHING))
    assert len(messages) == 2
    assert "Chile" not in "".join(messages)


def test_programs_get_text_with_footnotes(desk, service):
    request = gradio.Request(StarletteRequest({"type": "http", "scheme": "http", "server": ("127.0.0.1", 7), "path": "/", "headers": []}))
    said = desk.chat(QUESTION, request)
    assert "[1]" in said
    assert "\n[1] “" in said
    assert "Cobalt quotas in Congo, Argus, 2026-01-16, http://127.0.0.1:7/?article=congo&span=0:49" in said
    silent = Service(service.library, Pipeline(service.library, threshold=1), service.retriever)
    said = _Desk(silent, Suggestions(silent)).chat(QUESTION, request)
    assert said.startswith("The articles do not say.")
    assert "Searched: 2 articles" in said


def test_suggested_questions_are_answered_and_always_the_same(service):
    suggestions = Suggestions(service)
    suggestions.prepare().join(30)
    offered = suggestions.ready()
    assert "When did Chile present a lithium plan?" in offered
    for question in offered:
        assert not service.ask(Question(question))[1].abstained
    again = Suggestions(service)
    again.prepare().join(30)
    assert again.ready() == offered
    service.library.remove("chile")
    assert suggestions.ready() is None  # another state of the collection: looked for anew


def test_no_language_model_is_asked_what_nobody_has_asked(service):
    class Costly:
        def __getattr__(self, name):
            raise AssertionError(name)

    dear = Writer(Costly(), Costly(), "dear")
    costly = Service(service.library, Pipeline(service.library, writer=dear, threshold=0), service.retriever)
    suggestions = Suggestions(costly)
    suggestions.prepare().join(30)
    assert "When did Chile present a lithium plan?" in suggestions.ready()


def test_who_opens_the_page_holds_no_thread_while_suggestions_are_looked_for(desk, monkeypatch):
    begun = threading.Event()

    def never(_):
        begun.set()

    monkeypatch.setattr(Suggestions, "ready", never)
    monkeypatch.setattr("ui.web.chat._PATIENCE", 0.6)

    async def opened():
        pages = [asyncio.create_task(desk.offer()) for _ in range(100)]
        await asyncio.sleep(0.3)
        assert begun.is_set()
        free = await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 1)
        return free, await asyncio.gather(*pages)

    free, offered = asyncio.run(opened())
    assert free == "free"
    assert [chat.examples for chat, *_ in offered] == [[]] * 100


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Peru opened a new smelter in May. It opened the old smelter in June.", "When did Peru open a new smelter?"),
        ("On 3 May 2024 the Ministry of Mines banned all exports of ore.", None),  # "Mines" may not be whom it names
        ("The Ministry banned all ore exports on 3 May.", "When did the Ministry ban all ore exports?"),
        ("Peru opened a new smelter after long talks.", None),  # it does not say when
        ("China announced on 3 July 2023 that it would stop.", None),
        ("Australia mined about 88,000 tonnes of lithium in 2024.", "How many tonnes of lithium did Australia mine in 2024?"),
        ("China exported 5,200 metric tons of rare earth magnets.", "How many metric tons of rare earth magnets did China export?"),
        ("China accounts for 61 percent of rare earth production.", "What share of rare earth production does China account for?"),
        ("Rio Tinto invested 2.5 billion dollars in a lithium mine, it said.", "How much did Rio Tinto invest in a lithium mine?"),
        ("Redwood raised 350 million dollars in October 2025.", "When did Redwood raise 350 million dollars?"),
        ("MP Materials runs the Mountain Pass mine in California.", "Who runs the Mountain Pass mine?"),
        ("They mined 5 tonnes of tin.", None),
    ],
)
def test_questions_are_made_of_what_is_said_where_it_stands_alone(text, asked):
    found = [one.asked for one in candidates(Article(id="a", text=text, title="Mines"))]
    assert found == ([asked] if asked else [])


def test_a_title_that_asks_is_a_question():
    title = "Who loses water when the salt flat gives up lithium"
    assert [one.asked for one in candidates(Article(id="a", text="x", title=title))] == [f"{title}?"]


def test_the_questions_offered_are_of_several_kinds_and_articles(make_library):
    texts = [f"Mine{word} opened a new smelter in May 2024." for word in ("one", "two", "three", "four", "five")]
    texts += [
        "Chile mined 88,000 tonnes of tin.",
        "Codelco runs the Andina copper mine.",
        "China accounts for 61 percent of tin production.",
    ]
    library = make_library([Article(id=f"a{n}", text=text, title=f"T{n}") for n, text in enumerate(texts)])
    suggestions = Suggestions(Service(library, Pipeline(library, threshold=0), Retriever(library)))
    suggestions.prepare().join(30)
    assert sorted(one.split()[0] for one in suggestions.ready()) == ["How", "What", "When", "Who"]
