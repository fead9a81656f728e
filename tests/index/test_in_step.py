"""A folder of thousands of files, one in a hundred of which changed: the index in step answers as a fresh one does."""

import random
import time

import pytest

from index import Library
from rag import Pipeline

WORDS = """lithium nickel cobalt copper gallium graphite antimony tungsten mine refinery smelter port quota export price ministry company
treaty strike output deposit licence tender court river desert village harbour railway battery turbine magnet alloy furnace""".split()


def text(number, chance):
    """A report that shares words with all others, and has a few of its own."""
    sentences = [f"Report {number} is about {' and '.join(chance.sample(WORDS, 2))} in district {number % 97}."]
    sentences += [
        f"The {' '.join(chance.choices(WORDS, k=chance.randint(4, 14)))} rose to {chance.randint(1, 9999)} tons." for _ in range(12)
    ]
    return f"{sentences[0]}\n\n{' '.join(sentences[1:])}"


def change(folder):
    """Edit, add, remove and move one file in a hundred."""
    for turn, path in enumerate(sorted(folder.rglob("*.txt"))[::100]):
        if turn % 5 in (0, 1):
            path.write_text(f"{path.read_text()} A last line was added to report {turn} about tungsten.")
        elif turn % 5 == 2:
            path.with_name(f"new-{path.name}").write_text(text(10_000 + turn, random.Random(turn)))
        elif turn % 5 == 3:
            path.unlink()
        else:
            path.rename(folder / f"moved-{path.name}")


@pytest.mark.slow
@pytest.mark.parametrize("count", [2000])
def test_an_index_in_step_answers_as_a_fresh_one(tmp_path, make_embedder, count):
    folder, chance, model = tmp_path / "articles", random.Random(1963), make_embedder()
    for number in range(count):
        path = folder / f"{number % 20:02}" / f"{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(number, chance))
    with Library.open(tmp_path / "index", model=model) as library, Library.open(tmp_path / "fresh", model=model) as fresh:
        started = time.process_time()
        assert len(library.sync(folder).added) == count
        whole = time.process_time() - started
        change(folder)
        embedded, started = model.embedded, time.process_time()
        report = library.sync(folder)
        part = time.process_time() - started
        assert (len(report.updated), len(report.added), len(report.removed), len(report.moved)) == (8, 4, 4, 4)
        assert model.embedded - embedded < 12 * 10
        assert part < 0.1 * whole  # of the processor's time; by the clock, with a real model: docs/intake.md
        fresh.sync(folder)
        for number in range(100):
            question = f"What is report {number * 19 % count} about, {' '.join(chance.sample(WORDS, 3))}?"
            answers = [Pipeline(index, threshold=0).ask(question) for index in (library, fresh)]
            proofs = [[(found.article_id, found.start, found.end) for found in (*one.hits, *one.citations)] for one in answers]
            assert proofs[0] == proofs[1], question
