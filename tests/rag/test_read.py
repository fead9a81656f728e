"""Readings: exact offsets, whole words, the best spans of all windows, probabilities that mean what they say."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import DEFAULT_MODEL, ModelError, Span, TextTokenizer, locate
from rag import Calibration, Readable, SpanReader, paired, text_tokens
from rag.read import ANSWER_TOKENS, ANSWERS, QUESTION_TOKENS

TEXT = "Chile produced 244,000 tonnes of lithium in 2023. Ruritania’s output fell by 45 % to 1.8 million “tonnes”. Älgarna åt gräs."
QUESTION = "How much lithium did Chile produce in 2023?"


@pytest.fixture(scope="module")
def source():
    return (locate(DEFAULT_MODEL).folder / "tokenizer.json").read_text(encoding="utf-8")


class Scripted(TextTokenizer):
    """An encoder whose logits a test writes: `score(window, passage token places, their spans) -> logits (length, channels)`."""

    def __init__(self, source, score, max_tokens=384):
        super().__init__(source, max_tokens)
        self.score = score
        self.seen = []

    def run(self, encodings):
        self.seen += encodings
        return [np.concatenate([self.score(one), np.full((5, self.score(one).shape[1]), 99.0)]).astype(np.float32) for one in encodings]


def points_at(*words, height=9.0, channels=3):
    """Logits that begin and end an answer at each of the words, given as (first token, last token, height added)."""

    def score(window):
        logits = np.zeros((len(window.ids), channels))
        for first, last, more in words:
            for place, token in enumerate(window.tokens):
                if window.sequence_ids[place] == 1:
                    logits[place, 0] += (height + more) * (token == first)
                    logits[place, 1] += (height + more) * (token == last)
        return logits

    return score


def test_spans_are_exact_characters_of_the_article(source):
    reader = SpanReader("scripted", Scripted(source, points_at(("244", "tonnes", 0))))
    (reading,) = reader.read(QUESTION, [Readable("Metals", TEXT, 1000)])
    assert Span(reading.span.start - 1000, reading.span.end - 1000).of(TEXT) == "244,000 tonnes"
    assert reading.span == reading.answers[0].span
    assert reading.no_answer < 0.01


@pytest.mark.parametrize(
    ("first", "last", "expected"), [("al", "##as", "Älgarna åt gräs"), ("ru", "s", "Ruritania’s"), ("45", "%", "45 %")]
)
def test_offsets_count_code_points_of_the_text_itself(source, first, last, expected):
    reader = SpanReader("scripted", Scripted(source, points_at((first, last, 0))))
    (reading,) = reader.read(QUESTION, [Readable("Ruritania’s Älgarna gräs 45 %", f"🜍 é {TEXT}")])
    assert reading.span.of(f"🜍 é {TEXT}") == expected


def test_the_context_line_is_read_but_never_an_answer(source):
    reader = SpanReader("scripted", Scripted(source, points_at(("metals", "metals", 5), ("chile", "chile", 0))))
    (reading,) = reader.read(QUESTION, [Readable("Metals", TEXT)])
    assert "metals" in reader._encoder.seen[0].tokens
    assert all(one.span.of(TEXT) for one in reading.answers)
    assert reading.span.of(TEXT) == "Chile"


def test_an_answer_is_made_of_whole_words(source):
    text = "The unanswerableness of photolithography."
    pieces = Scripted(source, points_at()).tokenize([text])[0].tokens
    inner = [token for token in pieces if token.startswith("##")]
    assert inner
    reader = SpanReader("scripted", Scripted(source, points_at((inner[0], inner[0], 9), ("photo", "photo", 1))))
    for one in reader.read("What?", [Readable("", text)])[0].answers:
        answer = one.span.of(text)
        assert not (text[: one.span.start][-1:].isalnum() and answer[0].isalnum())
        assert not (text[one.span.end :][:1].isalnum() and answer[-1].isalnum())


def test_a_window_that_begins_or_ends_within_a_word_cuts_none(source):
    text = "photolithography " * 200
    pieces = Scripted(source, points_at()).tokenize(["photolithography"])[0].tokens[1:-1]
    reader = SpanReader("scripted", Scripted(source, points_at(*((one, one, 0) for one in pieces)), max_tokens=64))
    (reading,) = reader.read("What?", [Readable("", text)])
    assert any(window.tokens[4].startswith("##") for window in reader._encoder.seen)
    for one in reading.answers:
        assert one.span.start % len("photolithography ") == 0
        assert (one.span.end + 1) % len("photolithography ") == 0


def test_the_space_that_a_tokenizer_counts_to_a_word_is_not_of_the_answer():
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["▁Chile", "▁made", "▁lithium", "▁Metals", "▁Who", "▁it"]
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, **{word: n + 3 for n, word in enumerate(words)}}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    reader = SpanReader("scripted", Scripted(tokenizer.to_str(), points_at(("▁Chile", "▁made", 0)), max_tokens=60))
    text = "it Chile made lithium"
    for context in ("", "Metals"):
        (reading,) = reader.read("Who made it", [Readable(context, text)])
        assert reading.span.of(text) == "Chile made"


def test_a_context_line_that_the_text_begins_with_is_read_once(source):
    reader = SpanReader("scripted", Scripted(source, points_at(("lithium", "lithium", 0))))
    (reading,) = reader.read(QUESTION, [Readable("Chile produced 244,000…", TEXT)])
    assert reader._encoder.seen[0].tokens.count("produced") == 1
    assert reading.span.of(TEXT) == "lithium"


def test_answers_do_not_overlap_and_the_best_comes_first(source):
    reader = SpanReader("scripted", Scripted(source, points_at(("chile", "chile", 2), ("2023", "2023", 3), ("lithium", "lithium", 1))))
    (reading,) = reader.read(QUESTION, [Readable("", TEXT)])
    spans = sorted(one.span for one in reading.answers)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert len(reading.answers) <= ANSWERS
    assert sum(one.probability for one in reading.answers) == pytest.approx(1)
    assert [one.probability for one in reading.answers] == sorted((one.probability for one in reading.answers), reverse=True)


@given(seed=st.integers(0, 2**32), words=st.integers(1, 30))
def test_the_first_answer_is_that_of_brute_force(source, seed, words):
    chance = np.random.default_rng(seed)
    text = " ".join(chance.choice(TEXT.split(), size=words))
    rows = chance.normal(size=(400, 3)) * 3
    reader = SpanReader("scripted", Scripted(source, lambda window: rows[: len(window.ids)]))
    (reading,) = reader.read("What fell?", [Readable("", text)])
    ((window,),) = paired(reader._encoder, "What fell?", [Readable("", text)])
    places, spans = text_tokens(window, Readable("", text))
    best, found = -math.inf, None
    for i, first in enumerate(places):
        for j, last in list(enumerate(places))[i : i + ANSWER_TOKENS]:
            whole = not text[: spans[i].start][-1:].isalnum() or window.word_ids[first] != window.word_ids[first - 1]
            whole = whole and window.word_ids[last] != window.word_ids[last + 1]
            if whole and rows[first, 0] + rows[last, 1] > best + 1e-5:
                best, found = rows[first, 0] + rows[last, 1], Span(spans[i].start, spans[j].end)
    assert reading.span == found


def test_a_long_passage_is_read_in_windows_and_the_best_of_all_counts(source):
    filler = "Nothing of interest was said on that day by anybody. " * 60
    text = f"{filler}{TEXT} {filler}"
    reader = SpanReader("scripted", Scripted(source, points_at(("244", "tonnes", 0)), max_tokens=128))
    (reading,) = reader.read(QUESTION, [Readable("Metals", text, 7)])
    assert len(reader._encoder.seen) > 5
    assert all(len(window.ids) <= 128 for window in reader._encoder.seen)
    assert Span(reading.span.start - 7, reading.span.end - 7).of(text) == "244,000 tonnes"


def test_a_passage_of_several_windows_is_as_relevant_as_its_best(source):
    def score(window):
        logits = np.zeros((len(window.ids), 3))
        logits[0, 2] = 4 if "lithium" in window.tokens[20:] else -4
        return logits

    filler = "Nothing of interest was said on that day by anybody. " * 40
    reader = SpanReader("scripted", Scripted(source, score, max_tokens=128))
    with_it, without = reader.read(QUESTION, [Readable("", f"{filler}{TEXT}"), Readable("", filler)])
    assert with_it.relevance == pytest.approx(1 / (1 + math.exp(-4)))
    assert without.relevance == pytest.approx(1 / (1 + math.exp(4)))


def test_no_answer_is_the_share_of_the_first_token(source):
    def score(window):
        logits = np.full((len(window.ids), 3), -30.0)
        logits[0] = (1.0, 0.5, 0.0)
        place = window.tokens.index("chile", 3)
        logits[place, :2] = (0.25, 0.75)
        return logits

    reader = SpanReader("scripted", Scripted(source, score))
    (reading,) = reader.read("Who?", [Readable("", "Chile.")])
    assert reading.no_answer == pytest.approx(math.exp(1.5) / (math.exp(1.5) + math.exp(1.0)), abs=1e-6)


def test_calibration_scales_and_shifts_the_logits(source):
    def score(window):
        logits = np.zeros((len(window.ids), 3))
        logits[0, 2] = 2
        return logits

    plain = SpanReader("scripted", Scripted(source, score)).read("Who?", [Readable("", "Chile.")])[0]
    other = SpanReader("scripted", Scripted(source, score), Calibration((0.5, 1.0), (2.0, 3.0))).read("Who?", [Readable("", "Chile.")])[0]
    assert other.relevance == pytest.approx(1 / (1 + math.exp(-2)))
    logit = math.log(plain.no_answer / (1 - plain.no_answer))
    assert other.no_answer == pytest.approx(1 / (1 + math.exp(-(2 * logit + 3))))


def test_support_is_that_of_the_best_window(source):
    text = "Nothing of interest was said on that day. " * 60 + "Codelco leads the talks."

    def score(window):
        logits = np.zeros((len(window.ids), 4))
        logits[0, 3] = 2.0 if "talks" in window.tokens else -3.0
        return logits

    reader = SpanReader("scripted", Scripted(source, score), Calibration(support=(0.5, 1.0)))
    assert reader.checks
    passages = [Readable("", text), Readable("", "Peru shut a smelter.")]
    assert reader.support("Codelco leads.", passages) == pytest.approx([1 / (1 + math.exp(-2)), 1 / (1 + math.exp(0.5))])
    assert reader.support("Codelco leads.", []) == []


def test_a_model_that_finds_answers_checks_no_claims(source):
    reader = SpanReader("finder", Scripted(source, points_at(("chile", "chile", 0))))
    assert not reader.checks
    with pytest.raises(ModelError, match="checks claims, found 'finder'"):
        reader.support("Chile leads.", [Readable("", "Chile leads.")])


def test_without_a_channel_for_it_relevance_is_that_the_answer_is_there(source):
    reader = SpanReader("scripted", Scripted(source, points_at(("chile", "chile", 0), channels=2)))
    (reading,) = reader.read("Who?", [Readable("", TEXT)])
    assert reading.relevance == pytest.approx(1 - reading.no_answer)


def test_a_long_question_is_cut_and_its_beginning_read(source):
    encoder = Scripted(source, points_at(("chile", "chile", 0)))
    (reading,) = SpanReader("scripted", encoder).read("metal " * 5000, [Readable("", TEXT)])
    assert encoder.seen[0].tokens.count("metal") == QUESTION_TOKENS
    assert reading.span.of(TEXT) == "Chile"


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u200b"])
def test_what_holds_no_token_has_no_answer(source, text):
    (reading,) = SpanReader("scripted", Scripted(source, points_at())).read("Who?", [Readable("Title", text)])
    assert (reading.span, reading.answers, reading.span_score) == (None, (), 0.0)
    assert reading.no_answer == pytest.approx(1)


def test_nothing_to_read_gives_nothing(source):
    assert SpanReader("scripted", Scripted(source, points_at())).read("Who?", []) == []
