"""Whatever happens to a derived file, hits stay what they were, and it is built anew without the embedding model.

FAISS and tantivy load most damaged files without a word. Every file below the index's folders is deleted, cut short, has a bit
flipped or 4 KiB made zeros, in place, again and again; `ASSAY_SEED` repeats a run.
"""

import os
import random
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest
from oracle import ALL, HashedEmbedder, Library, article, complaints, memory, question

QUERIES = [("article-3", 1), ("article-11", 1), ("article-20", 1), ("article-41", 1), ("article-59", 1)]


class ForQueries(HashedEmbedder):
    """The model of the index, which may not be needed for what was embedded before."""

    def embed_documents(self, texts, *, done=None):  # noqa: ARG002 - the interface of an embedder
        pytest.fail(f"{len(texts)} passages are embedded again")


class Amount(NamedTuple):
    """How often each damage is done to each file."""

    flips: int
    blocks: int
    truncations: int


@pytest.fixture(scope="module")
def whole():
    with tempfile.TemporaryDirectory(prefix="assay-faults-", dir=memory()) as folder:
        with Library.open(Path(folder) / "index", model=HashedEmbedder()) as library:
            library.add(*(article(f"article-{n}", 1) for n in range(57)))
            library.add(*(article(f"article-{n}", 1) for n in range(57, 60)))  # a second segment, until the first damage
        yield Path(folder) / "index"


def files(folder):
    """The derived files, by what they are; a lock file holds nothing."""
    kinds = defaultdict(list)
    for path in sorted(path for top in folder.iterdir() if top.is_dir() for path in top.rglob("*") if path.is_file()):
        if path.suffix != ".lock":
            kinds[path.name if path.suffix == ".json" else path.suffix].append(path)
    return kinds


def hits(library):
    """Rows and scores of the queries, by meaning and by words."""
    with library.view() as view:
        texts = [f"{question(*asked)} Copper price quota." for asked in QUERIES]
        ranked = [found for text in texts for found in (view.dense(view.embed_query(text), ALL), view.lexical(text, ALL))]
    return [(found.rows.tolist(), found.scores.tolist()) for found in ranked]


def flipped(content, chance):
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def zeroed(content, chance):
    start = chance.randrange(max(1, len(content) - 4096))
    return content[:start] + bytes(len(content[start : start + 4096])) + content[start + 4096 :]


def truncated(content, chance):
    return content[: chance.randrange(len(content))]


def overwrite(path, content):
    """Write in place, so that the file stays the same inode; a shorter one takes its place.

    Cut where it lies, a file kills whoever has it mapped, as tantivy may for a moment after it was closed.
    """
    if len(content) < path.stat().st_size:
        shorter = path.with_name("shorter")
        shorter.write_bytes(content)
        shorter.replace(path)
        return
    with path.open("r+b") as file:
        file.write(content)


def damages(kind, amount, chance):
    """Yield what is done to the file of a kind, one after the other, each to what was built anew after the one before."""
    for damage, times in ((flipped, amount.flips), (zeroed, amount.blocks), (truncated, amount.truncations)):
        for _ in range(times):
            yield kind, damage.__name__, lambda path, damage=damage: overwrite(path, damage(path.read_bytes(), chance))
    yield kind, "deleted", lambda path: path.unlink()


def damage_all(folder, amount):
    """Do every damage to every derived file; return how often each was done."""
    seed = int(os.environ.get("ASSAY_SEED", random.SystemRandom().randrange(10**6)))
    sys.stdout.write(f"ASSAY_SEED={seed}\n")
    chance = random.Random(seed)
    with Library.open(folder, model=ForQueries()) as library:
        expected = hits(library)
    done, wrong, silent = Counter(), [], []
    for kind in sorted(files(folder)):
        for turn, (_, name, damage) in enumerate(damages(kind, amount, chance)):
            path = chance.choice(files(folder)[kind])
            before = path.read_bytes()
            damage(path)
            if path.exists() and path.read_bytes() == before:
                continue  # zeros over zeros
            done[name] += 1
            with Library.open(folder, model=ForQueries(), read_only=turn % 8 == 7) as library:
                silent += [(kind, name, turn)] * (not any(path.name in line for line in complaints(library, samples=0)))
                wrong += [(kind, name, turn)] * (hits(library) != expected)
            with Library.open(folder, model=ForQueries()) as library:
                hits(library)
                assert complaints(library, samples=0) == [], (kind, name, turn)
    sys.stdout.write(f"damage to {len(files(folder))} derived files, {dict(done)}: wrong hits {len(wrong)}, not found {len(silent)}\n")
    assert (wrong, silent) == ([], [])
    return done


def test_no_damage_to_a_derived_file_changes_a_hit(whole):
    assert damage_all(whole, Amount(flips=3, blocks=1, truncations=1)).total() >= 40


@pytest.mark.slow
def test_no_damage_of_much_to_a_derived_file_changes_a_hit(whole):
    done = damage_all(whole, Amount(flips=100, blocks=50, truncations=20))
    kinds = len(files(whole))
    assert done["flipped"] == 100 * kinds
    assert done["truncated"] == 20 * kinds
    assert done["zeroed"] >= 40 * kinds
    assert done["deleted"] == kinds


def test_what_changed_behind_size_inode_and_clock_is_found_by_the_doctor(whole):
    """A disk that rots changes no date. Openings look at the date alone; the doctor reads every byte."""
    chance = random.Random(1)
    with Library.open(whole, model=ForQueries()) as library:
        expected = hits(library)
    for kind in sorted(files(whole)):
        path = chance.choice(files(whole)[kind])
        dates = path.stat().st_atime_ns, path.stat().st_mtime_ns
        overwrite(path, flipped(path.read_bytes(), chance))
        os.utime(path, ns=dates)
        with Library.open(whole, model=ForQueries()) as library:
            assert any(path.name in line for line in complaints(library, samples=0)), kind
            library.rebuild()
            assert hits(library) == expected
            assert complaints(library, samples=0) == []
