"""`python -m eval.experiments --data DIR [--indexes DIR] [--only NAME …]`: measure, and print Markdown tables to stdout."""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from index import Library

from ..collections import load
from ..corpora import indexed
from ..formats import load_dataset
from . import copies, figures
from .growth import growth_rows
from .overhead import overhead_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

PARTS = ("time1963", "multihop", "news2023", "seeds", "cold", "growth", "overhead", "copies")

#: Passages at which growth is measured.
SIZES = (100_000, 500_000)


def main() -> int:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m eval.experiments", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the public sets")
    parser.add_argument("--indexes", type=Path, help="where indexes are kept between runs; by default a temporary folder")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        indexes = arguments.indexes or Path(temporary)
        _collections(arguments.data, indexes, arguments.only)
        _seeds(indexes, arguments.only)
        if "growth" in arguments.only:
            head = "| passages | dense ranking | recall@10 | p50 | p50 of FAISS's exact search | ten articles added, embedding apart |"
            _table(head, growth_rows(load(arguments.data / "news2023"), indexes, SIZES))
        if "copies" in arguments.only:
            _copies(arguments.data, indexes)
        if "overhead" in arguments.only:
            dataset = load_dataset(arguments.data / "reading" / "squad2")
            with indexed(dataset) as library:
                _table("| set | questions | bare | evaluated | measured | share of the speed |", overhead_rows(dataset, library))
    return 0


def _collections(data: Path, indexes: Path, only: list[str]) -> None:
    for name in PARTS[:3]:
        if name not in only:
            continue
        collection = load(data / name)
        with figures.indexed(collection, indexes) as library:
            _table("| set | ranking | nDCG@10 | R@10 |", figures.retrieval_rows(collection, library))
            if name == "news2023":
                _table("| what | p50 | p95 |", figures.warm_rows(collection, library))


def _seeds(indexes: Path, only: list[str]) -> None:
    if not {"seeds", "cold"} & set(only):
        return
    with Library.open(indexes / "seeds") as library:
        library.add(str(files("seeds") / "articles"))
        if "seeds" in only:
            _table("| sample articles | mean (95 % interval) |", figures.seeds_rows(library))
    if "cold" in only:
        _table("| what | median | slowest |", figures.cold_rows(indexes / "seeds"))


def _copies(data: Path, indexes: Path) -> None:
    news = load(data / "news2023")
    with copies.dated_index(news, indexes) as library:
        _table("| pairs of news2023 | | taken for copies |", copies.judged_rows(news, library))
        _table("| articles of | | copies found in, of processor time | an article |", copies.pace_rows(news, library))
        _table("| planted in news2023 | copies | found | as |", copies.planted_rows(news, library))
    _table("| reports of one form | pairs | taken for copies |", copies.form_rows())
    mixed = [news, *(load(data / name) for name in ("timeqa", "time1963", "multihop"))]
    _table("| articles of | | copies found in, of processor time | an article |", copies.growth_rows(mixed, indexes))


def _table(head: str, rows: Iterable[str]) -> None:
    print(head, "|".join(["", *["---"] * (head.count("|") - 1), ""]), sep="\n")
    for row in rows:
        print(row, flush=True)
    print()


if __name__ == "__main__":
    sys.exit(main())
