"""Training: losses by their definitions, features on the right tokens, and a run that an interruption does not change."""

import math
from dataclasses import replace

import numpy as np
import pytest

from eval.training import fit as fitting
from eval.training.features import features
from eval.training.fit import Schedule, Stage, fit
from eval.training.keep import calibrated, keep, platt
from eval.training.lesson import Candidate, Lesson
from eval.training.objective import BEARS, LISTED, PASSAGE, SHARED, SUPPORTS, batch_of, loss
from index import DEFAULT_MODEL, Span, TextTokenizer, locate
from rag import MAX_TOKENS, Readable, own_reader

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch and transformers


@pytest.fixture(scope="module")
def tokenizer():
    return TextTokenizer((locate(DEFAULT_MODEL).folder / "tokenizer.json").read_text(encoding="utf-8"), MAX_TOKENS)


def candidate(text, *answers, exact=True, relevant=None, context=""):
    spans = tuple(Span(text.index(answer), text.index(answer) + len(answer)) for answer in answers)
    return Candidate(context, text, spans, exact=exact, relevant=bool(spans) if relevant is None else relevant)


TEXT = "Rollo met King Charles in Rouen. Photolithography is older than that."


def read(tokenizer, one, question="Whom did Rollo meet?"):
    (made,) = features(tokenizer, Lesson("x", "set", question, (one,)), [one])
    return made, tokenizer.tokenize_pairs([(question, f"{one.context}\n{one.text}" if one.context else one.text)], overlap=64)[0][0]


# --- features ---------------------------------------------------------------------------------------------------------


def test_the_answers_first_and_last_tokens_are_the_targets(tokenizer):
    made, window = read(tokenizer, candidate(TEXT, "King Charles", "Photolithography", context="Old things"))
    pieces = tokenizer.tokenize(["Photolithography"])[0].tokens[1:-1]
    assert len(pieces) > 1
    assert [window.tokens[place] for place in made.starts] == ["king", pieces[0]]
    assert [window.tokens[place] for place in made.ends] == ["charles", pieces[-1]]
    assert made.ids == window.ids
    assert made.types == window.type_ids
    whole = tokenizer.tokenize([TEXT])[0].tokens[1:-1]
    assert [window.tokens[place] for place in made.readable] == whole
    assert "things" in window.tokens


def test_within_a_stretch_any_token_may_begin_or_end(tokenizer):
    sentence = "Rollo met King Charles in Rouen."
    made, window = read(tokenizer, candidate(TEXT, sentence, exact=False))
    assert made.starts == made.ends
    assert [window.tokens[place] for place in made.starts] == tokenizer.tokenize([sentence])[0].tokens[1:-1]


def test_of_a_long_passage_the_window_with_the_answer_is_read(tokenizer):
    filler = "Nothing of interest was said on that day by anybody. " * 60
    made, _ = read(tokenizer, candidate(f"{filler}{TEXT}", "King Charles"))
    assert made.starts
    assert made.length <= MAX_TOKENS
    absent = candidate(filler)
    assert not read(tokenizer, absent)[0].starts


# --- objective --------------------------------------------------------------------------------------------------------


def brute_force(logits, groups):
    """The loss by its definition, token by token."""
    total, passage = 0.0, {0: [], 1: []}
    shared, listed, bears, supports = {0: [], 1: []}, [], [], []
    row = 0
    for group in groups:
        places = list(range(row, row + len(group)))
        row += len(group)
        for channel in (0, 1):
            right_of_all, all_of_all = 0.0, 0.0
            for place, one in zip(places, group, strict=True):
                if one.supports is not None:
                    continue
                e = np.exp(logits[place, :, channel])
                targets = (one.starts, one.ends)[channel]
                passage[channel].append(-math.log(sum(e[targets or [0]]) / (e[0] + sum(e[one.readable]))))
                right_of_all += sum(e[targets]) if targets else 0
                all_of_all += sum(e[one.readable])
            if right_of_all:
                shared[channel].append(-math.log(right_of_all / all_of_all))
        r = {place: logits[place, 0, 2] for place in places}
        known = [(r[place], one.relevant) for place, one in zip(places, group, strict=True) if one.relevant is not None]
        if any(relevant for _, relevant in known):
            listed.append(-math.log(sum(math.exp(v) for v, relevant in known if relevant) / sum(math.exp(v) for v, _ in known)))
        bears += [math.log1p(math.exp(-v if relevant else v)) for v, relevant in known]
        claims = [(logits[place, 0, 3], one.supports) for place, one in zip(places, group, strict=True) if one.supports is not None]
        supports += [math.log1p(math.exp(-v if supported else v)) for v, supported in claims]
    for channel in (0, 1):
        total += PASSAGE / 2 * np.mean(passage[channel] or [0]) + SHARED / 2 * np.mean(shared[channel] or [0])
    return total + LISTED * np.mean(listed or [0]) + BEARS * np.mean(bears or [0]) + SUPPORTS * np.mean(supports or [0])


@pytest.mark.parametrize("seed", range(8))
def test_the_loss_is_what_it_says(tokenizer, seed):
    import torch

    lessons = [
        ("Whom did Rollo meet?", [candidate(TEXT, "King Charles", "Rouen"), candidate("It rained in Rouen on Monday.")]),
        ("Who rained?", [Candidate("", "It rained in Rouen.", (), relevant=None), candidate("Nobody knows.")]),
        ("What is old?", [candidate(TEXT, "Photolithography is older", exact=False, context="On light")]),
        ("Rollo met the king.", [Candidate("", TEXT, relevant=None, supports=True)]),
        ("Rollo never met a king.", [Candidate("", TEXT, relevant=None, supports=False)]),
    ]
    lessons = [lessons[:1], lessons[:2], lessons[:3], lessons[3:], lessons[3:4], lessons[2:4], lessons, lessons[::2]][seed]
    groups = [features(tokenizer, Lesson("x", "s", question, tuple(several)), several) for question, several in lessons]
    batch = batch_of(groups)
    chance = np.random.default_rng(seed)
    logits = chance.normal(size=(*batch.readable.shape, 4)) * 2
    assert float(loss(torch.tensor(logits), batch)) == pytest.approx(brute_force(logits, groups), rel=1e-5)


def test_padding_does_not_count(tokenizer):
    import torch

    short = [candidate("It rained in Rouen on Monday.", "Rouen")]
    group = features(tokenizer, Lesson("x", "s", "Where?", tuple(short)), short)
    narrow, wide = batch_of([group]), batch_of([group], step=64)
    logits = torch.randn(wide.readable.shape[0], wide.readable.shape[1], 4)
    assert narrow.readable.shape[1] < wide.readable.shape[1]
    assert float(loss(logits, wide)) == pytest.approx(float(loss(logits[:, : narrow.readable.shape[1]], narrow)), rel=1e-5)


# --- the loop ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny():
    """A network in the form of ours, small, with random weights that are the same each time."""
    import torch
    from transformers import BertConfig, BertModel

    def make():
        torch.manual_seed(13)

        class Network(torch.nn.Module):
            def __init__(self):
                super().__init__()
                sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
                self.encoder = BertModel(BertConfig(vocab_size=30522, **sizes), add_pooling_layer=False)
                self.head = torch.nn.Linear(32, 4)

            def forward(self, **tensors):
                return self.head(self.encoder(**tensors).last_hidden_state)

        return Network()

    return make


@pytest.fixture
def stages():
    cities = ["Rouen", "Ostrava", "Venice", "Bergen", "Lagos", "Quito", "Osaka", "Turin"]
    lessons = [
        Lesson(
            city,
            "cities",
            f"Where did number {n} go?",
            (candidate(f"Number {n} went to {city} by night.", city), candidate(f"Nobody saw number {n}."), candidate("It rained.")),
        )
        for n, city in enumerate(cities)
    ]
    return [Stage(lessons[:4], 2, 1), Stage(lessons, 6, 1)]


def test_training_makes_the_loss_fall(tiny, tokenizer, stages, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "BATCH_TOKENS", 64)
    seen = []
    step = fitting._step
    monkeypatch.setattr(fitting, "_step", lambda *given: seen.append(step(*given)) or seen[-1])
    fit(tiny(), tokenizer, stages, Schedule(peak=3e-3), tmp_path)
    assert np.mean(seen[-5:]) < 0.8 * np.mean(seen[:5])


class StopError(Exception):
    """What interrupts."""


@pytest.mark.parametrize("stopped_at", [1, 7])
def test_an_interrupted_run_ends_with_the_same_weights(tiny, tokenizer, stages, tmp_path, monkeypatch, stopped_at):
    import torch

    monkeypatch.setattr(fitting, "BATCH_TOKENS", 64)
    monkeypatch.setattr(fitting, "_EVERY", -1)
    whole = fit(tiny(), tokenizer, stages, Schedule(peak=1e-3), tmp_path / "whole")
    step, count = fitting._step, iter(range(1000))

    def interrupted(*given):
        if next(count) == stopped_at:
            raise StopError
        return step(*given)

    monkeypatch.setattr(fitting, "_step", interrupted)
    with pytest.raises(StopError):
        fit(tiny(), tokenizer, stages, Schedule(peak=1e-3), tmp_path / "other")
    monkeypatch.setattr(fitting, "_step", step)
    other = fit(tiny(), tokenizer, stages, Schedule(peak=1e-3), tmp_path / "other")
    assert whole.keys() == other.keys()
    assert all(torch.equal(whole[name], other[name]) for name in whole)


def test_a_run_of_other_lessons_or_settings_begins_anew(tiny, tokenizer, stages, tmp_path):
    import torch

    first = fit(tiny(), tokenizer, stages, Schedule(peak=1e-3), tmp_path / "a")
    again = fit(tiny(), tokenizer, stages, Schedule(peak=1e-3), tmp_path / "a")
    assert all(torch.equal(first[name], again[name]) for name in first)
    cut = [replace(one, most=20) for one in stages]
    for other, schedule in ((stages[:1], Schedule(peak=1e-3)), (cut, Schedule(peak=1e-3)), (stages, Schedule(peak=2e-3))):
        fresh = fit(tiny(), tokenizer, other, schedule, tmp_path / f"{len(other)} {other[0].most} {schedule.peak}")
        over = fit(tiny(), tokenizer, other, schedule, tmp_path / "a")
        assert all(torch.equal(fresh[name], over[name]) for name in fresh)
        assert not torch.equal(fresh["head.weight"], first["head.weight"])


def test_passages_are_cut_down_where_a_stage_says_so(tokenizer):
    long = candidate("Nothing was said of it then. " * 20 + TEXT, "King Charles")
    lessons = [Lesson(f"q{n}", "set", "Whom did Rollo meet?", (long, candidate("It rained. " * 40))) for n in range(6)]
    shown = [one for step in fitting._steps(Stage(lessons, 2, 1, 100), tokenizer, "seed") for _, several in step for one in several]
    assert len(shown) == 24
    assert all(len(one.text) <= 100 for one in shown)
    assert len({one.text for one in shown if one.spans}) > 1  # another stretch each time
    assert {span.of(one.text) for one in shown for span in one.spans} == {"King Charles"}
    whole = [one for step in fitting._steps(Stage(lessons, 1, 1), tokenizer, "seed") for _, several in step for one in several]
    assert {len(one.text) for one in whole} == {len(one.text) for one in lessons[0].candidates}


def test_the_word_embeddings_stay(tiny, tokenizer, stages, tmp_path):
    import torch

    before = tiny().state_dict()
    after = fit(tiny(), tokenizer, stages[:1], Schedule(peak=1e-2), tmp_path)
    same = {name for name, value in before.items() if torch.equal(value, after[name])}
    assert "encoder.embeddings.word_embeddings.weight" in same
    assert "head.weight" not in same
    assert "encoder.embeddings.token_type_embeddings.weight" not in same


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_calibration_is_logistic_regression(seed):
    from sklearn.linear_model import LogisticRegression

    chance = np.random.default_rng(seed)
    truth = chance.random(600) < 0.2
    logits = 1.7 * truth + chance.normal(size=600) - 3
    scale, shift = platt(zip(1 / (1 + np.exp(-logits)), truth, strict=True))
    model = LogisticRegression(C=1e9, class_weight="balanced").fit(logits[:, None], truth)
    assert scale == pytest.approx(model.coef_[0, 0], abs=2e-3)
    assert shift == pytest.approx(model.intercept_[0], abs=5e-3)
    with pytest.raises(ValueError, match="both outcomes"):
        platt([(0.5, True)])


def test_a_kept_reader_reads_and_is_calibrated(tmp_path, monkeypatch):
    import torch

    from rag import reader_network

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    base = locate(DEFAULT_MODEL)
    module = reader_network(base.folder)
    torch.manual_seed(2)
    torch.nn.init.normal_(module.head.weight, std=0.05)
    keep(module.state_dict(), base, tmp_path / "model", {"epochs": 0})
    (before,) = own_reader(tmp_path / "model").read("Where?", [Readable("", TEXT)])
    lessons = [
        Lesson(f"{n}", "s", "Where did they meet?", (candidate(TEXT, "Rouen"), candidate(f"It rained for {n} days."))) for n in range(6)
    ]
    found = calibrated(tmp_path / "model", lessons)
    (after,) = own_reader(tmp_path / "model").read("Where?", [Readable("", TEXT)])
    scale, shift = found.relevance
    logit = math.log(before.relevance / (1 - before.relevance))
    assert after.relevance == pytest.approx(1 / (1 + math.exp(-(scale * logit + shift))), abs=1e-5)
    assert after.span == before.span
