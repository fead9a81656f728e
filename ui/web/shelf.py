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
from ..safe import safe
from ..wording import counted
from .errors import refusal_of
from .listing import A_PAGE, Listing, Order
from .markup import Html, block, element, joined
from .taking import MOST_BYTES_A_FILE, MOST_FILES, MOST_REMOVED, NotTakenError, Offered, bring_back, paste, remove, take_in

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

#: Seconds that what was removed is held for, at most.
_HELD = 3600

_LOADING = block(element("p", {"class": "waiting", "role": "status"}, "Reading the list of articles…"))


def library_tab(service: Service, settings: Settings) -> None:
    """Put the tab's components where they are called for."""
    listing = Listing(service.library)
    with gradio.Row(elem_classes="finding"):
        words = gradio.Textbox(label="Search the articles", placeholder="Title, source, author or id", max_lines=1, scale=3, min_width=200)
        order = gradio.Dropdown([one.value for one in Order], value=Order.TITLE.value, label="Sort by", scale=1, min_width=140)
    shown = _markup(_LOADING, "articles")
    number = gradio.State(1)
    with gradio.Row(elem_classes="pager"):
        back = gradio.Button("Previous page", interactive=False, size="sm", min_width=120)
        on = gradio.Button("Next page", interactive=False, size="sm", min_width=120)
    picked: list[gradio.Dropdown] = []
    if settings.allow_upload and service.may_write:
        picked = [_writing(service, listing, [words, order, number], [shown, number, back, on])]
    asked, outputs = [words, order, number], [shown, number, back, on, *picked]

    def show(words: str, order: str, number: int) -> tuple[Any, ...]:
        return _shown(listing, words, order, number, pick=bool(picked))

    def first(words: str, order: str) -> tuple[Any, ...]:
        return show(words, order, 1)

    words.change(first, [words, order], outputs, trigger_mode="always_last", **_READ)
    order.change(first, [words, order], outputs, trigger_mode="always_last", **_READ)
    back.click(lambda words, order, number: show(words, order, number - 1), asked, outputs, **_READ)
    on.click(lambda words, order, number: show(words, order, number + 1), asked, outputs, **_READ)
    tab = Context.block
    if isinstance(tab, gradio.Tab):
        tab.select(show, asked, outputs, **_READ)


def _writing(service: Service, listing: Listing, asked: list[Any], outputs: list[Any]) -> gradio.Dropdown:
    """Put what adds and removes articles; returns what picks those to remove."""
    said = _markup("", "taken")
    undo = gradio.Button("Undo the removal", visible=False, size="sm")
    with gradio.Accordion("Add articles", open=False):
        label = (
            f"Drop up to {MOST_FILES} files here, or choose them: text, Markdown, HTML, JSON or CSV, {MOST_BYTES_A_FILE // 10**6} MB each"
        )
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
    with gradio.Accordion("Remove articles", open=False):
        picked = gradio.Dropdown([], label="Articles of this page to remove", multiselect=True, max_choices=MOST_REMOVED, filterable=True)
        gone = gradio.Button("Remove", size="sm")
    held: gradio.State = gradio.State((), time_to_live=_HELD)
    listed = [*outputs, picked]

    def relisted(words: str, order: str, number: int) -> tuple[Any, ...]:
        return _shown(listing, words, order, number, pick=True)

    upload = files.upload(
        lambda found: (yield from _uploaded(service, _offered(found))), [files], [said, files], preprocess=False, **_WRITE
    )
    pasted = add.click(lambda *given: _pasted(service, *given), [text, *labels], [said, text, *labels], **_WRITE)
    removed = gone.click(lambda ids, before: _removed(service, ids, before), [picked, held], [said, held, undo], **_WRITE)
    undone = undo.click(lambda articles: _brought_back(service, articles), [held], [said, held, undo], **_WRITE)
    for change in (upload, pasted, removed, undone):
        change.then(relisted, asked, listed, **_READ)
    return picked


def _offered(files: object) -> list[Offered]:
    """Return what was uploaded, with the names that it has where it comes from; what does not lie where uploads do was not.

    Gradio hands over what its page says, rather than what it makes of that: paths without names, and an empty file left behind for each.
    """
    home = Path(get_upload_folder()).resolve()
    given = [one for one in files if isinstance(one, dict) and isinstance(one.get("path"), str)] if isinstance(files, list) else []
    found = [Offered(str(one.get("orig_name") or Path(one["path"]).name), Path(one["path"])) for one in given]
    return [one for one in found if one.path.resolve().is_relative_to(home) and not one.path.is_symlink()]


# --- handlers ---------------------------------------------------------------------------------------------------------


def _shown(listing: Listing, words: str, order: str, number: int, *, pick: bool) -> tuple[Any, ...]:
    """Return what the list's components show: the articles, the page's number, whether there is one before and behind, whom to pick."""
    try:
        page = listing.page(str(words or ""), Order(order), int(number))
    except (AssayError, ValueError, TypeError) as error:
        said = _wrong(error) if isinstance(error, AssayError) else _failed("expected words, an order and a page, found something else")
        off = gradio.update(interactive=False)
        return (said, 1, off, off, *([gradio.update(choices=[], value=[])] if pick else []))
    choices = [(_choice(one), one.id) for one in page.articles]
    return (
        block(_page(page)),
        page.number,
        gradio.update(interactive=page.number > 1),
        gradio.update(interactive=page.number < page.pages),
        *([gradio.update(choices=choices, value=[])] if pick else []),
    )


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


def _removed(service: Service, ids: Sequence[str] | None, before: tuple[Article, ...]) -> tuple[Any, ...]:
    """Remove what was picked; what was removed before can then no longer be brought back."""
    try:
        held = remove(service, [str(one) for one in ids or ()])
    except AssayError as error:
        return _wrong(error), before, gradio.skip()
    names = "; ".join(article.title for article in held[:3]) + (" …" if len(held) > 3 else "")
    until = "This can be undone for an hour, while this page stays open and nothing else is removed."
    said = element("p", {"class": "done", "role": "status"}, f"Removed {counted(len(held), 'article')}: {names}. {until}")
    return block(said), held, gradio.update(visible=True)


def _brought_back(service: Service, held: Sequence[Article]) -> tuple[Any, ...]:
    if not held:
        return _failed("nothing is left to bring back; add the articles again"), (), gradio.update(visible=False)
    try:
        report = bring_back(service, held)
    except AssayError as error:
        return _wrong(error), held, gradio.skip()
    said = element("ul", {"class": "taken", "role": "status"}, _outcome("The removal is undone", report))
    return block(said), (), gradio.update(visible=False)


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


def _page(page: Page) -> Html:
    if not page.all:
        how = element("code", None, "assay add PATH")
        return element("p", {"class": "nothing"}, "There are no articles yet. Add some here, or with ", how, ".")
    if not page.found:
        return element("p", {"class": "nothing", "role": "status"}, "No article has these words in its title, source, authors or id.")
    first = (page.number - 1) * A_PAGE + 1
    count = f"{first:,} to {first + len(page.articles) - 1:,} of {counted(page.found, 'article')}"
    of = f", of {page.all:,} in all" if page.found < page.all else ""
    heads = (element("th", {"scope": "col"}, name) for name in ("Title", "Source", "Date", "Passages"))
    return joined(
        element("p", {"class": "count", "role": "status"}, f"{count}{of}. Page {page.number:,} of {page.pages:,}."),
        element(
            "table",
            {"class": "articles"},
            element("caption", {"class": "unseen"}, "Articles of the library"),
            element("thead", None, element("tr", None, heads)),
            element("tbody", None, map(_row, page.articles)),
        ),
    )


def _row(one: Listed) -> Html:
    opens = {"href": f"/?article={quote(one.id, safe='')}", "data-article": one.id}
    title = element("a", opens, element("bdi", None, one.title or one.id))
    authors = element("span", {"class": "authors"}, element("bdi", None, one.authors)) if one.authors else ""
    return element(
        "tr",
        None,
        element("th", {"scope": "row"}, title, authors, element("span", {"class": "id"}, element("bdi", None, one.id))),
        element("td", None, element("bdi", None, one.source or "–")),
        element("td", {"class": "date"}, one.published or "–"),
        element("td", {"class": "number"}, f"{one.passages:,}"),
    )


def _choice(one: Listed) -> str:
    """Return an article's name in a list to pick from, told apart where two have one title."""
    title, name = safe(one.title), safe(one.id)
    return f"{title[:80]}{'…' if len(title) > 80 else ''} ({name[:60]})"


def _progress(taken: Sequence[Taken]) -> Html:
    done = sum(one.report is not None for one in taken)
    head = f"{done} of {counted(len(taken), 'file')} done." if done < len(taken) else f"{counted(len(taken), 'file')} done."
    bar = element("progress", {"aria-label": "Files done", "max": str(len(taken)), "value": str(done)}) if len(taken) > 1 else ""
    return joined(element("p", {"class": "count", "role": "status"}, head), bar, element("ul", {"class": "taken"}, map(_far, taken)))


def _far(one: Taken) -> Html:
    if one.report is not None:
        return _outcome(one.name, one.report)
    name = element("strong", None, element("bdi", None, one.name))
    if not one.begun:
        return element("li", {"class": "waits"}, name, " waits")
    read = f"{counted(one.articles, 'article')} read, {counted(one.passages, 'passage')} embedded"
    return element("li", None, name, " ", element("progress", {"aria-label": f"Adding {one.name}"}), f" {read}")


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
