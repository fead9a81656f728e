"""What an index must hold after a fault, told from the outside: each article in a version that is allowed, whole, found and cited exactly.

Shared by everything in this folder, test or script. An article's text follows from its id and version, so that a state of an
index is a mapping from ids to versions. Knows nothing of how an index is kept: it asks a `Library` and its views.
"""

import os
import random
import re
import sys
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import faiss
import numpy as np
import tantivy

REPOSITORY = Path(__file__).parents[2]
for place in (REPOSITORY / "tests", REPOSITORY):  # a script of this folder is run by its path, and finds neither
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))

from conftest import HashedEmbedder  # noqa: E402 - found on the path that is set above

from index import ArticleFilter, Library, StoreError, sentences  # noqa: E402
from index.article import Article, Span  # noqa: E402
from index.split import embedded_text, split  # noqa: E402
from rag import Pipeline  # noqa: E402

faiss.omp_set_num_threads(1)  # of a few hundred vectors a second thread is only waited for

IDS = [f"article-{n}" for n in range(12)]
WORDS = "ore mine metal price export quota brine cobalt nickel lithium copper smelter refinery port minister".split()

#: An addition of several articles is several commits when a process commits after so many passages.
PASSAGES_A_COMMIT = 12

#: What may go wrong, as it is counted in reports.
LOST, PARTIAL, CITATION, REPAIR, ERROR = "lost", "partial", "wrong citation", "manual repair", "wrong error"

_MEMORY = "/dev/shm"  # noqa: S108 - folders of our own are made in it

#: More than any index here holds.
ALL = 10_000


class Fault(NamedTuple):
    """One thing that is not as promised: its kind, and what was found."""

    kind: str
    what: str


class Expected(NamedTuple):
    """What a version of an article is once it is in an index."""

    article: Article
    sentences: list[Span]
    spans: list[Span]
    vectors: np.ndarray


def mark(article_id, version):
    """A word that stands in this version of this article alone, in its first sentence."""
    return f"mark{article_id.split('-')[1]}v{version}"


@cache
def article(article_id, version):
    """The article that `article_id` is at `version`: a few passages, some of them shared with other articles."""
    chance = random.Random(f"{article_id} {version}")
    texts = [f"The {mark(article_id, version)} report of {article_id} is here."]
    texts += [f"{' '.join(chance.choices(WORDS, k=chance.randint(3, 20)))}.".capitalize() for _ in range(chance.randint(0, 25))]
    return Article(id=article_id, text=" ".join(texts), title=article_id, metadata={"version": version})


def question(article_id, version):
    """A question that the first sentence of this version, and nothing else, answers."""
    return f"What is the {mark(article_id, version)} report of {article_id}?"


@cache
def expected(article_id, version):
    """Cut and embed the article, apart from any index."""
    whole, embedder = article(article_id, version), HashedEmbedder()
    spans = sentences(whole.text)
    passages = split(whole, spans, count_tokens=embedder.count_tokens, max_tokens=embedder.max_tokens)
    vectors = embedder.embed_documents([embedded_text(passage.context, passage.span.of(whole.text)) for passage in passages])
    return Expected(whole, spans, [passage.span for passage in passages], vectors)


def memory():
    """Return a file system in memory, where there is one: a kill leaves the same behind there, and syncing costs nothing."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


def small_commits():
    """Let this process commit after a few passages rather than after seconds of work; return what undoes that."""
    modules = [module for name, module in sys.modules.items() if name.startswith("index.") and hasattr(module, "PASSAGES_A_COMMIT")]
    before = {module: module.PASSAGES_A_COMMIT for module in modules}
    assert before, "the number of passages a commit has another name now"
    for module in modules:
        module.PASSAGES_A_COMMIT = PASSAGES_A_COMMIT
    return lambda: [setattr(module, "PASSAGES_A_COMMIT", number) for module, number in before.items()]


def complaints(library, *, samples=20):
    """What `doctor` finds, a line each, with so many passages embedded afresh: the one place that knows how it says so."""
    return list(library.doctor(samples=samples).faults)


def versions(library):
    """The version of each article that the index holds, by id."""
    return {record["id"]: record["metadata"]["version"] for record in library.articles()}


def pinned(view, ids=IDS):
    """The version of each article in the generation that a view has pinned, by id."""
    rows = {name: view.select(ArticleFilter(ids=(name,))).articles for name in ids}
    return {name: view.record(found[0])["metadata"]["version"] for name, found in rows.items() if found}


def states(before, changes):
    """Every state that an index may be seen in while the changes are made in order: articles one by one, removals at once."""
    seen = [before]
    for change in changes:
        steps = [change] if None in change.values() else [{name: version} for name, version in change.items()]
        for step in steps:
            seen.append({name: version for name, version in (seen[-1] | step).items() if version is not None})
    return seen


def possible(before, after):
    """What each id may be while a change to `after` (None: removed) is under way: the version before it or the one after."""
    return {article_id: {before.get(article_id), after.get(article_id, before.get(article_id))} for article_id in before | after}


def check(folder, allowed, *, together=(), asked=()):
    """Open the index as the next user would; return the version of each article in it, and what is not as promised.

    `allowed` holds the versions that each id may have, None for absent. Of the ids in `together` all are absent or none. `asked`
    are (id, version) pairs to ask questions about, in the index or not.
    """
    held, faults = {}, []
    try:
        with Library.open(folder, model=HashedEmbedder(), create=False) as library, library.view() as view:
            held |= versions(library)
            faults += _wrong_versions(held, allowed)
            if len({article_id in held for article_id in together}) > 1:
                faults.append(Fault(PARTIAL, f"of {sorted(together)} some are there and some are not: {sorted(held)}"))
            for found in (wrong_view(view, held), _remains(view, held, asked), wrong_answers(library, held, asked)):
                faults += found
            faults += [Fault(REPAIR, f"doctor: {line}") for line in complaints(library)]
            faults += [Fault(REPAIR, f"doctor finds nothing, and yet {line}") for line in unreadable(folder)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the index is not well
        faults.append(Fault(REPAIR, f"the next user meets {type(error).__name__}: {error}"))
    return held, faults


def _remains(view, held, asked):
    for article_id, version in asked:
        if held.get(article_id) != version and view.lexical(mark(article_id, version), ALL).rows.size:
            yield Fault(CITATION, f"{article_id} is not at version {version}, and its words are found")


def _wrong_versions(held, allowed):
    for article_id in sorted(allowed.keys() | held.keys()):
        found, may_be = held.get(article_id), allowed.get(article_id, {None})
        if found not in may_be:
            yield Fault(LOST, f"{article_id} is at version {found}, and may be at {sorted(map(str, may_be))}")


def wrong_view(view, held):
    """Say where one generation is not exactly the articles of `held`: text, passages, vectors, and what is found by them."""
    rows = {}
    for article_id, version in held.items():
        wanted = expected(article_id, version)
        chosen = view.select(ArticleFilter(ids=(article_id,)))
        (row,), passages = chosen.articles, view.passages(chosen.passages.tolist())
        if replace(view.article(row), path=None) != wanted.article or view.sentences(row) != wanted.sentences:
            yield Fault(PARTIAL, f"{article_id} at version {version}: its text, record or sentences are not what was added")
            continue
        if [Span(passage.start, passage.end) for passage in passages] != wanted.spans:
            yield Fault(PARTIAL, f"{article_id} at version {version}: its passages are not those of its text")
            continue
        if not np.array_equal(view.vectors(chosen.passages.tolist()), wanted.vectors):
            yield Fault(PARTIAL, f"{article_id} at version {version}: its vectors are not those of its passages")
        found = view.lexical(mark(article_id, version), ALL).rows.tolist()
        if found != [passages[0].row]:
            yield Fault(PARTIAL, f"{article_id} at version {version}: its mark finds {found}, expected {passages[0].row}")
        rows |= dict(zip(chosen.passages.tolist(), wanted.vectors, strict=True))
    yield from _wrong_neighbours(view, rows, sorted(held.items())[:3])


def _wrong_neighbours(view, vectors, near):
    """Compare the nearest passages of a few queries with all passages, by brute force."""
    for article_id, version in near:
        query = view.embed_query(question(article_id, version))
        found = view.dense(query, ALL)
        exact = np.array([vectors[row] @ query if row in vectors else np.nan for row in found.rows.tolist()])
        if set(found.rows.tolist()) != set(vectors) or not np.allclose(found.scores, exact, atol=1e-5):
            yield Fault(PARTIAL, f"the passages near {article_id} are {found.rows.tolist()}, expected {sorted(vectors)} with their cosines")


def wrong_answers(library, held, asked):
    """Ask about each (id, version) of `asked`; say which citation is not exactly what the index holds, or is of what it does not."""
    for article_id, version in asked:
        answer = Pipeline(library, threshold=0).ask(question(article_id, version))
        yield from wrong_citations(answer, {name: {at} for name, at in held.items()})
        cited = any(mark(article_id, version) in citation.quote for citation in answer.citations)
        if cited != (held.get(article_id) == version):
            yield Fault(CITATION, f"{article_id} at version {version} is{' not' * (not cited)} cited; the index has {held.get(article_id)}")


def wrong_citations(answer, allowed):
    """Say which articles are cited, or found, with anything but the exact characters of one version that is allowed."""
    proofs = defaultdict(list)
    for proof in (*answer.citations, *answer.hits):
        proofs[proof.article_id].append((proof.start, proof.end, proof.quote if hasattr(proof, "quote") else proof.text))
    for name, spans in proofs.items():
        texts = [article(name, version).text for version in allowed.get(name, ()) if version is not None]
        if not any(all(text[start:end] == words for start, end, words in spans) for text in texts):
            yield Fault(CITATION, f"{name} is quoted with {spans}: not as in any one of the versions {allowed.get(name)}")


def unreadable(folder):
    """Say of which kind no derived file can be read by its own library: each reader builds one for itself then, until a rebuild.

    A killed sweep may leave an old one by halves beside the one in use.
    """
    readers = {"*.faiss": lambda path: faiss.read_index(str(path)), "meta.json": lambda path: tantivy.Index.open(str(path.parent))}
    for name, read in readers.items():
        errors = [error for path in folder.rglob(name) for error in _errors(read, path)]
        if errors and None not in errors:
            yield f"no {name} can be read: {errors}"


def _errors(read, path):
    try:
        read(path)
    except (RuntimeError, ValueError) as error:
        yield str(error).splitlines()[0][:200]
    else:
        yield None


def strays(folder, like):
    """What lies about in an index, beyond what there is in one that is well, and the originals that it keeps."""
    kept = Counter({"originals": 1, "originals/*": len(originals(folder))}) if (folder / "originals").exists() else Counter()
    return sorted((layout(folder) - layout(like) - kept).elements())


def originals(folder):
    """The files that the articles of an index were read from, as it keeps them."""
    with Library.open(folder, model=HashedEmbedder(), create=False) as library:
        found = set()
        for record in library.articles():
            with suppress(StoreError):  # one that was added without its file
                found.add(library.original(record["id"])[1])
    return found


def undisturbed(folder):
    """Make an index that nothing happens to, to compare with: added to, and then once more."""
    with Library.open(folder, model=HashedEmbedder()) as library:
        library.add(*(article(article_id, 1) for article_id in IDS[:8]))
        library.add(article(IDS[-1], 9))
    return folder


def layout(folder):
    """Count the entries of an index: names at the top, how many stand in each folder, and the kinds of files deeper down."""
    paths = [path.relative_to(folder).parts for path in folder.rglob("*")]
    deep = {f"{parts[0]}/*/{re.sub('[0-9a-f]{32}|(?<=^.tmp).*', '*', parts[-1])}" for parts in paths if len(parts) > 2}
    return Counter(parts[0] if len(parts) == 1 else f"{parts[0]}/*" for parts in paths if len(parts) < 3) + Counter(deep)
