"""A benchmark run as the Markdown of docs/benchmarks.md, every word and number of it. Pure; knows nothing of how it was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .figures import FIRST, INGEST, OURS, OURS_F32, SEARCH, STOCK, figures, ingested, machine_of, ratios, sizes
from .machine import REPEATS, SIDE, EncoderShape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..timing import Spread
    from .figures import Figures, Ingested, Run
    from .machine import Machine

_HEAD = """\
# Benchmarks

Assay and the stock LangChain pipeline on the same articles, with the same weights (all-MiniLM-L6-v2), each in a process of its own.
**Everything on this page is written by `make bench`**, last on {date}; the numbers behind it lie in `benchmarks/results.json`.

{machine}
{caveats}
"""

_METHOD = """\
## Method

**The stock pipeline** is `RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)` → `HuggingFaceEmbeddings` on the packaged
weights (device `cpu`, `encode_kwargs={{"normalize_embeddings": False}}` as its documentation shows; the model ends in a normalising layer,
so the vectors have length one all the same; sentence-transformers' own batch of 32; float32) → `FAISS.from_documents` (a flat L2 index),
later `add_documents` → `save_local`; then, in a fresh process, `load_local` → a retriever of 10. Titles stay in the metadata, where
LangChain's loaders put them; ours are embedded in front of each passage. **It has no answerer without a language model: its "first answer"
is its first retrieved list, which is in its favour;** ours is a whole `assay ask`: a cited answer on the screen.

**Articles**: the first {sizes} of `{set}` in a fixed order (seed {seed}): one that is judged relevant to some question, then one of the
others, in turn, as long as there are both, so that few articles carry many judged questions. Smaller sizes are the beginnings of
larger ones, and each index *grows* from one size to the next: the figures of an ingest are those of the articles that it added. The same
file of rows is read by both sides. A megabyte is 10⁶ bytes of the articles' text in UTF-8, without titles.

**Ingest** is timed within the process from the first row read until all is on disk: for ours committed with `synchronous=FULL` and
published, for stock until `save_local` returns (which does not wait for the disk). Imports, the loading of the model, one text embedded to
warm up and the one-time conversion of our model for this machine are not in it, on neither side. One run each. *Ours in float32* is the
same ingest of the smallest size with bfloat16 hidden from OpenVINO by its own switch (`OV_CPU_MAX_ISA`, `ONEDNN_MAX_CPU_ISA`:
`AVX512_CORE_VNNI`), to say what a processor without bfloat16 would do.

**Share of the machine**: operations of the encoder ÷ seconds ÷ matrix throughput. Operations are
2 × matrix parameters × Σn + 4 × layers × hidden × Σn² over the n tokens that are embedded of each text (cut at 256, padding not counted):
{parameters:,} parameters in {layers} layers of width {hidden}. Throughput is the fastest of {repeats} products of {side} × {side} matrices
on all cores, before the rest: bfloat16 by OpenVINO ({bf16}), float32 by numpy ({f32}). Each side is held against the precision that it
computes in.

**Fresh process to first answer** is wall time seen from outside, from the start of the process to its end, {fresh} runs a side in
turn, each with another question, after one run that does not count. Files are in the page cache.

**Warm search and ask**: {questions} questions of the set after {warm_up} to warm up, the same at every size, in {rounds} rounds of a fresh
process each, the sides in turn. Stock searches vectors; ours searches vectors and words, fuses both exactly, and folds copies. Figures
are the median over the rounds, with the range in brackets. *Open* is the time from the index's folder to an index ready to search, the
model loaded, when the process opens it for the second time: imports are not in it.

**R@10**: articles ranked by their best passage (stock: searched as deep as 10 distinct articles need), over the questions *all* of whose
relevant articles are loaded; by ir-measures, with a 95 % bootstrap interval over the questions. **Peak memory** is the largest resident
set of the process, **index** the whole folder. No GPU is used, even where there is one.

Versions: {versions}.
"""


def page(run: Run) -> str:
    """Return the whole page."""
    machine, plan, encoder = machine_of(run), run["plan"], EncoderShape(**run["encoder"])
    parts = [
        _HEAD.format(date=run["date"], machine=_machine(machine), caveats=_caveats(run, machine)),
        _ratios(run),
        _ingest(run),
        _answers(run),
        "## Plots\n\n![Ours and stock: ingest, search, first answer, index, memory, recall](benchmarks/growth.svg)\n",
        _METHOD.format(
            sizes=" → ".join(f"{size:,}" for size in sizes(run)),
            set=plan["set"],
            seed=plan["seed"],
            parameters=encoder.matrix_parameters,
            layers=encoder.layers,
            hidden=encoder.hidden,
            repeats=REPEATS,
            side=SIDE,
            bf16=f"{machine.bf16_gflops:,.0f} GFLOP/s" if machine.bf16_gflops else "none here",
            f32=f"{machine.f32_gflops:,.0f} GFLOP/s",
            fresh=plan["fresh"],
            questions=plan["questions"],
            warm_up=plan["warm_up"],
            rounds=plan["rounds"],
            versions=", ".join(f"{name} {number}" for name, number in plan["versions"].items()),
        ),
    ]
    return "\n".join(parts)


def _machine(machine: Machine) -> str:
    bf16 = f"bfloat16 in hardware, {'with' if machine.amx else 'without'} AMX" if machine.bf16 else "no bfloat16 in hardware"
    return f"{machine.cpu}, {machine.cores} cores, {machine.memory_gb:g} GiB, {bf16}."


def _caveats(run: Run, machine: Machine) -> str:
    said = [f"Load average when the run began: {machine.load:g}."]
    if machine.load > machine.cores / 2:
        said.append("**The machine was busy: take the times as noise.**")
    if run["sittings"] > 1:
        said.append(f"The run was interrupted and taken up again: {run['sittings']} sittings.")
    return " ".join(said)


def _ratios(run: Run) -> str:
    found = ratios(run)
    rows = [
        f"| {one.what} | {one.articles:,} | {one.stock} | {one.ours} | **{one.value:.2f}** | {f'≥ {one.target:g}' if one.target else '–'} "
        f"| {f'**{one.verdict}**' if one.verdict == 'missed' else one.verdict} |"
        for one in found
    ]
    missed = [f"{one.what} at {one.articles:,} articles ({one.value:.2f} for {one.target:g})" for one in found if one.verdict == "missed"]
    verdict = f"**Missed:** {'; '.join(missed)}." if missed else "Every target is met."
    if not machine_of(run).bf16:
        verdict += f" The target of ingest ({INGEST:g} : 1) is for a processor with bfloat16, which this is not: it was not judged."
    head = "| what | articles | stock | ours | ratio | target | |"
    targets = f"Targets: ingest {INGEST:g} : 1 with bfloat16, first answer {FIRST:g} : 1, warm search {SEARCH:g} : 1."
    return f"## Ratios\n\nAbove 1, ours is the better. {targets}\n\n{_table(head, rows)}\n{verdict}\n"


def _ingest(run: Run) -> str:
    steps = ((side, size) for size in sizes(run) for side in (STOCK, OURS, OURS_F32) if f"{size}/{side}/ingest" in run["steps"])
    rows = [_ingest_row(size, ingested(run, side, size)) for side, size in steps]
    head = "| to articles | side | added | passages | seconds | MB/s | passages/s | GFLOP/s | share of the machine | peak memory | index |"
    refused = sum(ingested(run, OURS, size).refused for size in sizes(run))
    said = f"Ours refused {refused} of the articles, which stock took in.\n" if refused else ""
    return f"## Ingest\n\n{_table(head, rows)}\n{said}"


def _ingest_row(size: int, one: Ingested) -> str:
    share = f"{one.share:.0%}" if one.share is not None else "–"
    speeds = f"{one.seconds:.1f} | {one.rate:.3f} | {one.passage_rate:.1f} | {one.gflops:.0f} | {share}"
    stored = f"{one.peak_bytes / 1e6:.0f} MB | {one.index_bytes / 1e6:.1f} MB"
    return f"| {size:,} | {one.side} | {one.articles:,} | {one.passages:,} | {speeds} | {stored} |"


def _answers(run: Run) -> str:
    pairs = [(size, side, figures(run, side, size)) for size in sizes(run) for side in (STOCK, OURS)]
    head = "| articles | side | open, ms | first answer, s | search, ms: p50 | p95 | ask, ms: p50 | p95 | peak memory | R@10 |"
    rows = [_answers_row(size, side, one) for size, side, one in pairs]
    shares = "; ".join(f"{one.answered:.0%} at {size:,} articles" for size, _, one in pairs if one.answered is not None)
    said = f"Questions that ours answered rather than met with silence: {shares}. Stock has no `ask`: its retrieval stands beside ours.\n"
    return f"## Opening, answering, finding\n\n{_table(head, rows)}\n{said}"


def _answers_row(size: int, side: str, one: Figures) -> str:
    times = [_spread(one.open_ms, 0), _spread(one.first_s, 2)]
    times += [_spread(lap, 1) if lap else "–" for lap in (one.search_p50_ms, one.search_p95_ms, one.ask_p50_ms, one.ask_p95_ms)]
    return f"| {size:,} | {side} | {' | '.join(times)} | {one.peak_bytes / 1e6:.0f} MB | {one.recall} |"


def _spread(lap: Spread, digits: int) -> str:
    return f"{lap.median:.{digits}f} ({lap.low:.{digits}f}–{lap.high:.{digits}f})"


def _table(head: str, rows: Iterable[str]) -> str:
    return "\n".join([head, "|".join(["", *["---"] * (head.count("|") - 1), ""]), *rows, ""])
