"""Killed at any moment, an index holds all that was acknowledged and nothing by halves, and mends itself when next opened.

`ASSAY_SEED` and `ASSAY_KILLS` repeat or lengthen a run.
"""

import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

import index.ingest
from index import Library, sentences
from index.article import Span
from index.split import embedded_text, split

SCRIPT = Path(__file__).with_name("writer.py")

#: The next opening mends the derived files within this, in seconds.
MENDED_WITHIN = 5


def _script():
    spec = importlib.util.spec_from_file_location("writer", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def writer():
    """The writing script as a module: it says what each version of an article is."""
    path, commit = sys.path[:], index.ingest.PASSAGES_A_COMMIT
    yield _script()
    sys.path[:] = path
    assert commit == index.ingest.PASSAGES_A_COMMIT


def killed(folder, seed, first, after):
    """Run the writer, kill it `after` seconds from when it is ready; return what it said."""
    command = [sys.executable, str(SCRIPT), str(folder), str(seed), str(first)]
    with tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process:
            lines = [process.stdout.readline()]
            time.sleep(after)
            process.kill()
            lines += process.stdout.read().splitlines()  # not `communicate`: it would lose what `readline` has buffered
        complaints.seek(0)
        errors = complaints.read()
    assert lines[0], errors
    assert not errors, errors
    return [json.loads(line) for line in lines if line.endswith(("}", "}\n"))]


def allowed(before, said):
    """What each id may be: the state after what was acknowledged, and for what was not, either side of it."""
    state = {article_id: {version} for article_id, version in before.items()}
    pending = {}
    for line in said:
        if "begin" in line:
            pending = line["begin"]
        elif "done" in line:
            state |= {article_id: {version} for article_id, version in pending.items()}
            pending = {}
    for article_id, version in pending.items():
        state[article_id] = state.get(article_id, {None}) | {version}
    return state, pending


def check_article(writer, library, view, article_id, version):
    """The article is whole: text, sentences, passages and vectors are those of exactly this version."""
    expected = writer.article(article_id, version)
    row = view.store.article_row(article_id)
    assert view.article(row) == expected
    spans = sentences(expected.text)
    assert view.sentences(row) == spans
    embedder = library.embedder
    passages = split(expected, spans, count_tokens=embedder.count_tokens, max_tokens=embedder.max_tokens)
    stored = view.store.article_passages(row)
    assert [Span(passage.start, passage.end) for passage in stored] == [passage.span for passage in passages]
    texts = [embedded_text(passage.context, passage.span.of(expected.text)) for passage in passages]
    assert np.array_equal(view.vectors([passage.row for passage in stored]), embedder.embed_documents(texts))
    found = view.lexical(writer.mark(article_id, version), 10)
    assert found.rows.tolist() == [stored[0].row]
    assert view.dense(embedder.embed_query(texts[0]), 1).scores[0] == pytest.approx(1)


def check(writer, folder, before, said):
    """Open the index as the next user would; return what it holds, each id with its version."""
    state, pending = allowed(before, said)
    started = time.monotonic()
    with Library.open(folder, model=writer.HashedEmbedder()) as library:
        with library.view() as view:
            assert time.monotonic() - started < MENDED_WITHIN
            held = {record["id"]: record["metadata"]["version"] for record in library.articles()}
            for article_id in state.keys() | held.keys():
                assert held.get(article_id) in state.get(article_id, {None}), (article_id, state.get(article_id), held.get(article_id))
            for article_id, version in held.items():
                check_article(writer, library, view, article_id, version)
            for article_id, version in before.items():
                if version is not None and held.get(article_id) != version:
                    assert view.lexical(writer.mark(article_id, version), 10).rows.size == 0
            if None in pending.values():
                assert len({article_id in held for article_id in pending}) == 1, "a removal was carried out by halves"
        assert library.doctor().faults == ()
    stray = {file.name for file in folder.iterdir()} - {"store.sqlite", "lock", "dense", "lexical"}
    assert not stray, stray
    return held


def check_swept(writer, folder):
    """The next change sweeps away what the killed ones left beside the derived files."""
    with Library.open(folder, model=writer.HashedEmbedder()) as library:
        library.add(writer.article("article-0", "last"))
        assert library.doctor().faults == ()
    assert len(list((folder / "dense").iterdir())) == 1
    assert len(list((folder / "lexical").iterdir())) == 1


def kill_often(writer, folder, times, fresh):
    """Kill `times` times, one index going on from kill to kill, every `fresh`th time while a new one is being made."""
    seed = int(os.environ.get("ASSAY_SEED", random.SystemRandom().randrange(10**6)))
    times = int(os.environ.get("ASSAY_KILLS", times))
    sys.stdout.write(f"ASSAY_SEED={seed} ASSAY_KILLS={times}\n")
    chance = random.Random(seed)
    held, acknowledged = {}, 0
    for turn in range(times):
        if turn % fresh == 0:
            place, before, after = folder / f"{turn}", {}, chance.uniform(0, 0.25)
        else:
            place, before, after = folder / "long-lived", held, chance.uniform(0.02, 0.9)
        said = killed(place, seed, 1000 * turn, after)
        acknowledged += sum("done" in line for line in said)
        found = check(writer, place, before, said)
        if turn % fresh:
            held = found
        else:
            check_swept(writer, place)
    check_swept(writer, folder / "long-lived")
    assert acknowledged >= times // 2, "killed before anything was written: nothing was tried"


def test_no_kill_loses_what_was_acknowledged(writer, tmp_path):
    kill_often(writer, tmp_path, 12, fresh=3)


@pytest.mark.slow
def test_no_kill_of_many_loses_what_was_acknowledged(writer, tmp_path):
    kill_often(writer, tmp_path, 50, fresh=5)
