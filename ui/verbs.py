"""What each verb does: arguments in, a page or JSON out, and the exit code. Heavy things load when a verb needs them."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import ArticleFilter, AssayError, BusyError, Health, Library, MismatchError, StoreError, replaced

from . import batch, conversation, fetching, records, render, screen
from .progress import bar, expected_articles
from .reading import reader_of
from .writing import tried, writer_of

if TYPE_CHECKING:
    from argparse import Namespace

    from index import AddReport, Article
    from rag import Pipeline, Retriever

#: The exit codes of a command that was carried out; 2 is for those that could not be.
DONE, DONE_BUT = 0, 1


def add(args: Namespace) -> int:
    """Add files and folders, and what is at web addresses where that is allowed; exit 1 when something was refused."""
    addresses, places = fetching.sorted_out(args.paths)
    web = fetching.web_of(args, addresses)
    missing = next((path for path in places if not Path(path).exists()), None)
    if missing is not None:
        raise AssayError(f"expected a file or folder to add, found none at {missing}; nothing was added: check the path and try again")
    expected = expected_articles(places) if web is None else None
    with _open(args, create=True) as library, bar("articles", expected) as shown:
        told = {"source": args.source, "published": args.published, "progress": shown.ingest}
        report = library.add(*places, keep_originals=args.keep_originals, **told)
        if web is not None:
            report = fetching.joined(report, library.fetch(*addresses, web=web, **told))
    return _report(args, report)


def remove(args: Namespace) -> int:
    """Remove articles."""
    ids = list(dict.fromkeys(args.ids))
    with _open(args) as library:
        library.remove(*ids)
    return _say(args, f"removed {', '.join(ids)}", {"removed": ids})


def list_articles(args: Namespace) -> int:
    """List the articles."""
    with _open(args) as library:
        known, articles = library.articles(_only(args)), library.counts()[0]
    if args.json:
        screen.put_json([records.listed(record) for record in known])
    elif known:
        screen.put(render.list_page(known))
    else:
        screen.talk("no article passes the filters" if articles else "no articles yet; add some with `assay add PATH`")
    return DONE


def show(args: Namespace) -> int:
    """Show an article or a span of it, or give back the file that it was read from."""
    if args.original is not None:
        return _show_original(args)
    with _open(args) as library:
        article = library.article(args.id)
        record = library.articles(ArticleFilter(ids=(args.id,)))[0]
    if args.span:
        return _show_span(args, article)
    if args.json:
        screen.put_json(records.whole(article, record))
    else:
        screen.put(render.article_page(article, record))
    return DONE


def search(args: Namespace) -> int:
    """Show the best passages, or write a run for a file of queries."""
    from rag import Question

    only = _only(args)
    if args.rows is not None or args.out is not None:
        _check_batch_search(args, only)
        with _open(args) as library:
            return batch.write_run(_retriever(args, library), args.rows, args.out, as_json=args.json, debug=args.debug)
    if args.words is None:
        raise AssayError('expected words to search for, found none; try `assay search "some words"`')
    words = Question(args.words).text
    with _open(args) as library:
        hits = _retriever(args, library).search(words, args.k or 10, only=only)
    if args.json:
        screen.put_json([hit.to_json() for hit in hits])
    elif hits:
        screen.put(render.hits_page(hits))
    else:
        screen.talk("no passage was found")
    return DONE


def ask(args: Namespace) -> int:
    """Answer one question, or every question of a file."""
    from rag import Question

    if (args.question is None) == (args.rows is None):
        found = "neither" if args.question is None else "both"
        raise AssayError(f'expected a question or --from FILE, found {found}; try `assay ask "When …?"`')
    only = _only(args)
    question = None if args.question is None else Question(args.question)
    with _open(args) as library:
        if question is None:
            return batch.answer_rows(_pipeline(args, library), args.rows, only=only, as_json=args.json, debug=args.debug)
        pipeline = _pipeline(args, library)
        if args.json:
            screen.put_json(pipeline.ask(question, only=only).to_json())
        else:
            conversation.tell(pipeline.stream(question, only=only), articles=library.counts()[0], only=only)
    return DONE


def chat(args: Namespace) -> int:
    """Hold a conversation."""
    with _open(args) as library:
        return conversation.hold(_pipeline(args, library), as_json=args.json)


def doctor(args: Namespace) -> int:
    """Check everything; exit 1 when something is wrong."""
    if not (Path(args.index) / "store.sqlite").exists():
        _open(args).close()  # says what is missing
    articles = passages = 0
    try:
        with _open(args) as library:
            health = library.doctor()
            articles, passages = library.counts() if not health.faults else (0, 0)
    except (MismatchError, BusyError):
        raise
    except StoreError as error:  # what cannot even be opened is what a doctor is asked about
        health = Health((str(error),))
    trial = tried(args)
    if args.json:
        found = {"well": not health.faults, "faults": list(health.faults), "articles": articles, "passages": passages}
        found |= {"recall_at_10": health.recall}
        screen.put_json(found if trial is None else {**found, "model": trial._asdict()})
    else:
        screen.put(render.doctor_page(health, articles=articles, passages=passages))
        if trial is not None:
            screen.put(render.note_page(f"{trial.name}: {trial.fault or f'replies after {trial.seconds} s'}"))
    return DONE_BUT if health.faults or (trial and trial.fault) else DONE


def rebuild(args: Namespace) -> int:
    """Build what is derived anew."""
    started = time.monotonic()
    with _open(args) as library:
        library.rebuild()
        articles, passages = library.counts()
    seconds = round(time.monotonic() - started, 3)
    said = f"rebuilt for {articles:,} articles, {passages:,} passages in {seconds:.1f} s"
    return _say(args, said, {"articles": articles, "passages": passages, "seconds": seconds})


def backup(args: Namespace) -> int:
    """Copy the index."""
    with _open(args) as library:
        library.backup(args.folder)
    with Library.open(args.folder, create=False) as copy:
        copy.rebuild()  # what is derived is not copied
    said = f"copied to {args.folder}; use it with --index {args.folder}"
    return _say(args, said, {"backup": args.folder})


def _open(args: Namespace, *, create: bool = False) -> Library:
    return Library.open(args.index, model=args.model, create=create)


def _pipeline(args: Namespace, library: Library) -> Pipeline:
    from rag import Caution, Pipeline

    return Pipeline(library, reader=reader_of(args), writer=writer_of(args), caution=Caution(args.caution))


def _retriever(args: Namespace, library: Library) -> Retriever:
    from rag import ReadingRetriever, Retriever

    reader = reader_of(args)
    return ReadingRetriever(library, reader) if reader else Retriever(library)


def _only(args: Namespace) -> ArticleFilter | None:
    named = {name: tuple(given) for name in ("sources", "authors", "languages") if (given := getattr(args, name))}
    return ArticleFilter(after=args.after, before=args.before, **named) or None


def _say(args: Namespace, said: str, value: dict[str, Any]) -> int:
    if args.json:
        screen.put_json(value)
    else:
        screen.put(render.note_page(said))
    return DONE


def _report(args: Namespace, report: AddReport) -> int:
    if args.json:
        screen.put_json(report.to_json())
    else:
        screen.put(render.report_page(report))
    return DONE_BUT if report.refused else DONE


def _show_span(args: Namespace, article: Article) -> int:
    start, end = args.span
    if end > len(article.text):
        raise AssayError(f"expected a span within 0:{len(article.text)}, found {start}:{end}; see `assay show {article.id}`")
    if args.json:
        screen.put_json(records.part(article, start, end))
    else:
        screen.put_span(article.text[start:end])
    return DONE


def _show_original(args: Namespace) -> int:
    if args.span:
        raise AssayError("expected --span or --original, found both; offsets are those of the text, not of the file")
    with _open(args) as library:
        name, path = library.original(args.id)
        if args.original == "-":
            screen.put_file(path)
            return DONE
        with replaced(Path(args.original)) as partial:
            shutil.copyfile(path, partial)
    said = f"wrote {args.original}, the original of {args.id}, which was called {name}"
    return _say(args, said, {"id": args.id, "name": name, "file": args.original})


def _check_batch_search(args: Namespace, only: ArticleFilter | None) -> None:
    if args.rows is None or args.out is None:
        raise AssayError("expected --from FILE and --run OUT together, found one of them; see `assay search --help`")
    if args.words is not None or args.k is not None or only:
        raise AssayError("expected --from and --run alone, found words, -k or a filter too; a run is over all articles, 100 deep")
