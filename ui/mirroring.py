"""The verbs that keep an index in step with folders: once, or as they change. Knows nothing of how files are read."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import AssayError, BusyError, FolderWatch, Library, MismatchError

from . import fetching, render, screen
from .progress import bar, expected_files

if TYPE_CHECKING:
    import argparse
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from index import AddReport, Web

#: A watched file is read once nobody has written to it for so many seconds.
SETTLED = 1.0

#: After so many seconds an index that could not be written is tried again.
_AGAIN = 10.0


def add_sync_options(parser: argparse.ArgumentParser) -> None:
    """Add what `assay sync` takes beside its folder."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
    add_keeping(parser)


def add_keeping(parser: argparse.ArgumentParser) -> None:
    """Add what has the files themselves kept."""
    keeps = "keep the files themselves in the index too; `assay show ID --original` gives them back"
    parser.add_argument("--keep-originals", action="store_true", help=keeps)


def add_watch_options(parser: argparse.ArgumentParser, not_empty: Callable[[str], str]) -> None:
    """Add what `assay watch` takes."""
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=not_empty)
    add_keeping(parser)


def sync(args: Namespace) -> int:
    """Mirror a folder, or follow a feed; exit 1 when something in it was refused."""
    addresses, _ = fetching.sorted_out([args.folder])
    web = fetching.web_of(args, addresses)
    if web is not None:
        return _follow(args, addresses[0], web)
    _expect_folder(args.folder)
    with _library(args) as library, bar("articles", expected_files(args.folder)) as shown:
        report = library.sync(args.folder, **_wanted(args), dry_run=args.dry_run, progress=shown.ingest)
    if args.json:
        screen.put_json({**report.to_json(), **({"dry_run": True} if args.dry_run else {})})
    else:
        screen.put(render.dry_run_page(report) if args.dry_run else render.report_page(report))
    return 1 if report.refused else 0


def _follow(args: Namespace, address: str, web: Web) -> int:
    """Take in what is new in a feed or a sitemap."""
    for option, given in (("--dry-run", args.dry_run), ("--keep-originals", args.keep_originals)):
        if given:
            raise AssayError(f"expected a folder for {option}, found the web address {address}; leave it out")
    with _library(args) as library, bar("articles", None) as shown:
        report = library.fetch(address, web=web, source=args.source, published=args.published, listings=True, progress=shown.ingest)
    if args.json:
        screen.put_json(report.to_json())
    else:
        screen.put(render.report_page(report))
    return 1 if report.refused else 0


def watch(args: Namespace) -> int:
    """Mirror folders as they change, until interrupted."""
    folders = [Path(folder) for folder in dict.fromkeys(args.folders)]
    for folder in folders:
        _expect_folder(folder)
    told = _Told(as_json=args.json)
    with Library.open(args.index, model=args.model) as library, FolderWatch(folders, without=Path(args.index)) as watching:
        named = ", ".join(map(str, folders))
        screen.talk(f"watching {named}; Ctrl-C ends it")
        while True:
            due = watching.due()
            told.away(watching.away())
            for folder in due:
                watching.looked(folder, again=_look(args, library, folder, told))


def _look(args: Namespace, library: Library, folder: Path, told: _Told) -> float | None:
    """Mirror one folder and tell what changed; return after how many seconds it is to be looked at again, None for as usual."""
    try:
        with bar("articles", None) as shown:
            report = library.sync(folder, **_wanted(args), patience=SETTLED, progress=shown.ingest)
    except MismatchError:
        raise
    except BusyError as error:
        told.trouble(folder, f"{error}; waits")
        return _AGAIN
    except AssayError as error:  # such as a full disk: what was committed is safe, and the rest is tried again
        if folder.is_dir():  # else it went away as it was looked at
            told.trouble(folder, f"{error}; tries again")
        return _AGAIN
    told.report(folder, report)
    return SETTLED if report.waiting else None


class _Told:
    """What has been said of watched folders: each change once, and each refusal while it stays the same."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._refused: dict[Path, set[tuple[str, str]]] = {}
        self._troubles: dict[Path, str] = {}
        self._away: set[Path] = set()

    def report(self, folder: Path, report: AddReport) -> None:
        """Tell what a look has changed, a line each."""
        self._troubles.pop(folder, None)
        for name in ("added", "updated", "removed"):
            for article_id in getattr(report, name):
                self._say(f"{name} {article_id}", event=name, folder=folder, id=article_id)
        for moved in report.moved:
            self._say(f"moved {moved.before} to {moved.after}", event="moved", folder=folder, **moved.to_json())
        refused = {(refusal.path, refusal.reason) for refusal in report.refused}
        for path, reason in sorted(refused - self._refused.get(folder, set())):
            self._say(f"refused {path}: {reason}", event="refused", folder=folder, path=path, reason=reason)
        self._refused[folder] = refused

    def trouble(self, folder: Path, reason: str) -> None:
        """Tell why a folder could not be mirrored, until it was."""
        if self._troubles.get(folder) is None:
            self._say(reason, event="waiting", folder=folder, reason=reason)
        self._troubles[folder] = reason

    def away(self, folders: list[Path]) -> None:
        """Tell which folders are gone, and which are back."""
        for folder in sorted(set(folders) - self._away):
            reason = "is gone or empty; its articles stay until it is back"
            self._say(f"{folder} {reason}", event="away", folder=folder, reason=reason)
        for folder in sorted(self._away - set(folders)):
            self._say(f"{folder} is back", event="back", folder=folder)
        self._away = set(folders)

    def _say(self, line: str, *, folder: Path, **values: Any) -> None:
        if self._as_json:
            screen.put_json({**values, "folder": str(folder)})
        else:
            screen.talk(line)


@contextmanager
def _library(args: Namespace) -> Iterator[Library]:
    """Open the index, made where there is none; for a dry run an empty one that is gone afterwards serves instead."""
    if not args.dry_run or (Path(args.index) / "store.sqlite").exists():
        with Library.open(args.index, model=args.model, create=not args.dry_run) as library:
            yield library
        return
    with tempfile.TemporaryDirectory(prefix="assay-") as folder, Library.open(Path(folder) / "index", model=args.model) as library:
        yield library


def _wanted(args: Namespace) -> dict[str, Any]:
    """Return how the files of a folder are to be taken in."""
    return {"source": args.source, "published": args.published, "keep_originals": args.keep_originals}


def _expect_folder(folder: str | Path) -> None:
    if not Path(folder).is_dir():
        raise AssayError(f"expected a folder to mirror, found none at {folder}; `assay add` takes single files")
