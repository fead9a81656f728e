"""The Library tab: the articles to look through and open; and, where that is allowed, adding and removing them.

Where it is not allowed none of it is on the page, and none of its handlers exists. Knows nothing of questions or of how pages are guarded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio
from gradio.context import Context
from gradio.utils import get_upload_folder

from index import AddReport, AssayError, BusyError

from ..render import REFUSALS_SHOWN
from ..wording import counted
from .errors import refusal_of
from .listing import A_PAGE, Order, page_of
from .markup import Html, block, element, joined
from .taking import MOST_BYTES_A_FILE, MOST_FILES, NotTakenError, Offered, bring_back, paste, remove, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index import Article

    from .listing import Listed, Page
    from .service import Service
    from .settings import Settings
    from .taking import Taken

#: What reads the list: many at once, not seen by programs.
_READ: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": 8}

#: What changes the library: one after the other, since one process writes at a time.
_WRITE: dict[str, Any] = {**_READ, "concurrency_limit": 1, "concurrency_id": "write the library"}

#: Of what was removed lately the last ones are shown.
REMOVED_SHOWN = 20

_LOADING = block(element("p", {"class": "waiting", "role": "status"}, "Reading the list of articles…"))


def library_tab(service: Service, settings: Settings) -> None:
    """Put the tab's components where they are called for."""
    writes = settings.allow_upload and service.may_write
    place = gradio.Column(visible=writes, elem_classes="writing")
    with gradio.Row(elem_classes="finding"):
        words = gradio.Textbox(label="Search the articles", placeholder="Title, source, author or id", max_lines=1, scale=3, min_width=200)
        order = gradio.Dropdown([one.value for one in Order], value=Order.TITLE.value, label="Sort by", scale=1, min_width=140)
    shown = _markup(_LOADING, "articles")
    number = gradio.State(1)
    with gradio.Row(elem_classes="pager"):
        back = gradio.Button("Previous page", interactive=False, size="sm", min_width=120)
        on = gradio.Button("Next page", interactive=False, size="sm", min_width=120)
    asked, outputs = [words, order, number], [shown, number, back, on]

    def show(words: str, order: str, number: int) -> tuple[Any, ...]:
        return _shown(service, words, order, number, writes=writes)

    def first(words: str, order: str) -> tuple[Any, ...]:
        return show(words, order, 1)

    words.change(first, [words, order], outputs, trigger_mode="always_last", **_READ)
    order.change(first, [words, order], outputs, trigger_mode="always_last", **_READ)
    back.click(lambda words, order, number: show(words, order, number - 1), asked, outputs, **_READ)
    on.click(lambda words, order, number: show(words, order, number + 1), asked, outputs, **_READ)
    tab = Context.block
    if isinstance(tab, gradio.Tab):
        tab.select(show, asked, outputs, **_READ)
    if writes:
        with place:
            changes, lately = _writing(service)
        for change in changes:
            change.then(show, asked, outputs, **_READ)
        if isinstance(tab, gradio.Tab):
            tab.select(lambda: _lately(service), None, lately, **_READ)


def _writing(service: Service) -> tuple[list[gradio.events.Dependency], gradio.Markdown]:
    """Put what adds and removes articles; returns the changes that it makes, and where those that were removed lately are shown.

    The rows of the list have a button each, which our script answers: it says which article is meant, and presses the hidden button here.
    """
    with gradio.Accordion("Add articles", open=not service.library.counts()[0], elem_id="adding"):
        formats = "PDF, web pages, office files, e-books, e-mail, feeds, tables, text or ZIP"
        label = f"Drop up to {MOST_FILES} files here, or choose them: {formats}, {MOST_BYTES_A_FILE // 10**6} MB each"
        files = gradio.File(label=label, file_count="multiple", height=150, elem_id="upload")
        gradio.Markdown("A file of a name that is there already replaces that article.", elem_classes="hint")
        with gradio.Accordion("Or paste a text", open=False):
            text = gradio.Textbox(label="Text", lines=6, max_lines=20)
            with gradio.Row():
                labels = [
                    gradio.Textbox(label=name, max_lines=1, min_width=140)
                    for name in ("Title", "Source", "Date, such as 2026-02-03", "Address, https://…")
                ]
            add = gradio.Button("Add the text", variant="primary", size="sm")
    said = _markup("", "taken")
    lately = _markup("", "removed")
    meant = gradio.Textbox(elem_id="meant", label="Article", visible="hidden")
    gone = gradio.Button("Remove", elem_id="remove", visible="hidden")
    undo = gradio.Button("Bring back", elem_id="bring-back", visible="hidden")
    upload = files.upload(
        lambda found: (yield from _uploaded(service, _offered(found))), [files], [said, files], preprocess=False, **_WRITE
    )
    pasted = add.click(lambda *given: _pasted(service, *given), [text, *labels], [said, text, *labels], **_WRITE)
    removed = gone.click(lambda article_id: _removed(service, article_id), meant, [said, lately], **_WRITE)
    undone = undo.click(lambda article_id: _brought_back(service, article_id), meant, [said, lately], **_WRITE)
    return [upload, pasted, removed, undone], lately


def _offered(files: object) -> list[Offered]:
    """Return what was uploaded, with the names that it has where it comes from; what does not lie where uploads do was not.

    Gradio hands over what its page says, rather than what it makes of that: paths without names, and an empty file left behind for each.
    """
    home = Path(get_upload_folder()).resolve()
    given = [one for one in files if isinstance(one, dict) and isinstance(one.get("path"), str)] if isinstance(files, list) else []
    found = [Offered(str(one.get("orig_name") or Path(one["path"]).name), Path(one["path"])) for one in given]
    return [one for one in found if one.path.resolve().is_relative_to(home) and not one.path.is_symlink()]


# --- handlers ---------------------------------------------------------------------------------------------------------


def _shown(service: Service, words: str, order: str, number: int, *, writes: bool) -> tuple[Any, ...]:
    """Return what the list's components show: the articles, the page's number, whether there is one before and behind."""
    try:
        page = page_of(service.library, str(words or ""), Order(order), int(number))
    except (AssayError, ValueError, TypeError, OverflowError) as error:
        said = _wrong(error) if isinstance(error, AssayError) else _failed("expected words, an order and a page, found something else")
        off = gradio.update(interactive=False)
        return said, 1, off, off
    on, back = gradio.update(interactive=page.number < page.pages), gradio.update(interactive=page.number > 1)
    return block(_page(page, writes=writes)), page.number, back, on


def _lately(service: Service) -> str:
    """Show what was removed within the last hour, each with a way back."""
    held = service.removed.articles()
    if not held:
        return ""
    head = element("h3", None, "Removed lately")
    until = element("p", {"class": "note"}, "Each can be brought back within an hour of its removal, until the server is restarted.")
    return block(element("section", {"class": "lately"}, head, until, element("ul", None, map(_gone, held[:REMOVED_SHOWN]))))


def _gone(article: Article) -> Html:
    name = article.title or article.id
    act = {"type": "button", "data-restore": quote(article.id, safe=""), "aria-label": f"Bring back {name}"}
    return element("li", None, element("bdi", None, name), " ", element("button", act, "Bring back"))


def _uploaded(service: Service, offered: Sequence[Offered] | None) -> Iterator[tuple[Any, ...]]:
    """Yield how far each file is; at the end the control is empty again."""
    try:
        for taken in take_in(service, offered or ()):
            yield block(_progress(taken)), gradio.skip()
    except AssayError as error:
        yield _wrong(error), None
        return
    yield block(_progress(taken)), None


def _pasted(service: Service, text: str, *labels: str) -> tuple[Any, ...]:
    """Add a text; what was typed stays where it was refused."""
    title, source, published, url = (str(label or "") for label in labels)
    stay = (gradio.skip(),) * (1 + len(labels))
    try:
        report = paste(service, str(text or ""), title=title, source=source, published=published, url=url)
    except AssayError as error:
        return (_wrong(error), *stay)
    said = block(element("ul", {"class": "taken", "role": "status"}, _outcome(title or "The text", report)))
    return (said, *stay) if report.refused else (said, *("",) * (1 + len(labels)))


def _removed(service: Service, article_id: object) -> tuple[Any, ...]:
    """Remove an article, which can be brought back."""
    try:
        article = remove(service, str(article_id or ""))
    except AssayError as error:
        return _wrong(error), gradio.skip()
    name = element("bdi", None, article.title or article.id)
    return block(element("p", {"class": "done", "role": "status"}, "Removed ", name, ".")), _lately(service)


def _brought_back(service: Service, article_id: object) -> tuple[Any, ...]:
    try:
        report = bring_back(service, str(article_id or ""))
    except AssayError as error:
        return _wrong(error), _lately(service) if service.may_write else gradio.skip()
    said = block(element("ul", {"class": "taken", "role": "status"}, _outcome("Brought back", report)))
    return said, _lately(service)


# --- what they show ---------------------------------------------------------------------------------------------------


def _markup(value: str, name: str) -> gradio.Markdown:
    """Put our own HTML: Gradio's component for HTML evaluates a template, which a strict policy for scripts does not allow."""
    return gradio.Markdown(value, sanitize_html=False, latex_delimiters=[], elem_id=name, container=False)


def _failed(said: str) -> str:
    return block(element("p", {"class": "failed", "role": "alert"}, said))


def _wrong(error: AssayError) -> str:
    """Return what is said of an error: words that are for the reader, or that whoever runs the server finds the reason in its log."""
    if isinstance(error, BusyError):
        return _failed("others are changing the library; try again in a moment")
    return _failed(str(error) if isinstance(error, NotTakenError) else refusal_of(error).message)


def _page(page: Page, *, writes: bool = False) -> Html:
    if not page.all:
        how = element("code", None, "assay add PATH")
        return element("p", {"class": "nothing"}, "There are no articles yet. Add some here, or with ", how, ".")
    if not page.found:
        return element("p", {"class": "nothing", "role": "status"}, "No article has these words in its title, source, authors or id.")
    first = (page.number - 1) * A_PAGE + 1
    count = f"{first:,} to {first + len(page.articles) - 1:,} of {counted(page.found, 'article')}"
    of = f", of {page.all:,} in all" if page.found < page.all else ""
    heads = [element("th", {"scope": "col"}, name) for name in ("Title", "Source", "Date", "Passages")]
    heads += [element("th", {"scope": "col"}, element("span", {"class": "unseen"}, "Remove"))] if writes else []
    return joined(
        element("p", {"class": "count", "role": "status"}, f"{count}{of}. Page {page.number:,} of {page.pages:,}."),
        element(
            "table",
            {"class": "articles"},
            element("caption", {"class": "unseen"}, "Articles of the library"),
            element("thead", None, element("tr", None, heads)),
            element("tbody", None, (_row(one, writes=writes) for one in page.articles)),
        ),
    )


def _row(one: Listed, *, writes: bool) -> Html:
    opens = {"href": f"/?article={quote(one.id, safe='')}", "data-article": one.id}
    title = element("a", opens, element("bdi", None, one.title or one.id))
    authors = element("span", {"class": "authors"}, element("bdi", None, one.authors)) if one.authors else ""
    act = {"type": "button", "data-remove": quote(one.id, safe=""), "aria-label": f"Remove {one.title or one.id}"}
    return element(
        "tr",
        None,
        element("th", {"scope": "row"}, title, authors, element("span", {"class": "id"}, element("bdi", None, one.id))),
        element("td", None, element("bdi", None, one.source or "–")),
        element("td", {"class": "date"}, one.published or "–"),
        element("td", {"class": "number"}, f"{one.passages:,}"),
        element("td", {"class": "acts"}, element("button", act, "Remove")) if writes else "",
    )


def _progress(taken: Sequence[Taken]) -> Html:
    done = sum(one.report is not None for one in taken)
    head = f"{done} of {counted(len(taken), 'file')} done." if done < len(taken) else f"{counted(len(taken), 'file')} done."
    bar = element("progress", {"aria-label": "Files done", "max": str(len(taken)), "value": str(done)}) if 1 < len(taken) != done else ""
    return joined(element("p", {"class": "count", "role": "status"}, head), bar, element("ul", {"class": "taken"}, map(_far, taken)))


def _far(one: Taken) -> Html:
    if one.report is not None:
        return _outcome(one.name, one.report)
    name = element("strong", None, element("bdi", None, one.name))
    if not one.begun:
        return element("li", {"class": "waits"}, name, " waits")
    known = {"max": str(one.expected), "value": str(one.passages)} if one.expected else {}
    of = f"{one.passages:,} of {counted(one.expected, 'passage')}" if one.expected else counted(one.passages, "passage")
    read = f"{counted(one.articles, 'article')} read, {of} embedded"
    return element("li", None, name, " ", element("progress", {"aria-label": f"Adding {one.name}", **known}), f" {read}")


def _outcome(name: str, report: AddReport) -> Html:
    """Return what came of a file or a text: how many articles were added, updated, unchanged and refused, these with their reasons."""
    counts = {"added": len(report.added), "updated": len(report.updated)}
    counts |= {"unchanged": len(report.unchanged), "refused": len(report.refused)}
    said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "no article found"
    reasons = [element("li", None, _place(name, one.path), one.reason) for one in report.refused[:REFUSALS_SHOWN]]
    if len(report.refused) > REFUSALS_SHOWN:
        reasons.append(element("li", None, f"and {len(report.refused) - REFUSALS_SHOWN:,} more"))
    tone = "failed" if report.refused else "done"
    listed = element("ul", None, reasons) if reasons else ""
    return element("li", {"class": tone}, element("strong", None, element("bdi", None, name)), f": {said}", listed)


def _place(name: str, path: str) -> Html:
    """Return where in a file something was refused; nothing where that is the file itself."""
    return joined() if path == name else joined(element("bdi", None, path), ": ")
