// The source pane: an article beside the conversation, with all that the answer cites of it marked and one place shown.

import { asked, button, copied, followed, make, origin, tell, units } from "./text.js";

const PARAGRAPH = 100; // characters of a line that is a paragraph of its own, rather than one of several that were cut at a width
const STRETCH = 6000; // characters that are laid out together; what is out of sight is not laid out at all
const phone = matchMedia("(max-width: 899px)");

let pane, body, head, counter, opener, narrowing;
let wanted = null;
let shown = null; // {article, places, at, answer}
const articles = new Map();

/** Make the pane; `only` puts the next questions to one article. */
export function raise(only) {
  narrowing = only;
  counter = make("span", { class: "counter", "aria-live": "polite" });
  const before = button("Previous citation", () => step(-1), { icon: "previous", words: false, class: "act step" });
  const after = button("Next citation", () => step(1), { icon: "next", words: false, class: "act step" });
  const shut = button("Close the source", () => history_back(), { icon: "close", words: false, class: "act shut" });
  const bar = make("div", { class: "pane-bar" }, make("span", { class: "pane-word" }, "Source"), make("span", { class: "pane-steps" }, before, counter, after), shut);
  head = make("div", { class: "pane-head" });
  body = make("div", { class: "pane-text", tabindex: "0", role: "region", "aria-label": "Text of the article" });
  pane = make("aside", { id: "source", "aria-label": "Source", hidden: true, tabindex: "-1" }, bar, head, body);
  document.body.append(pane);
  pane.addEventListener("keydown", keys);
  addEventListener("popstate", () => follow());
}

function keys(event) {
  if (event.key === "Escape") history_back();
  else if (event.target.closest("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  else if (event.key === "n" || event.key === "ArrowRight") step(1);
  else if (event.key === "p" || event.key === "ArrowLeft") step(-1);
  else return;
  event.preventDefault();
}

/** Open what the address bar names, or close the pane where it names nothing. */
export function follow() {
  const query = new URLSearchParams(location.search);
  const id = query.get("article");
  if (!id) return lower();
  const span = /^(\d{1,9}):(\d{1,9})$/.exec(query.get("span") || "");
  const place = span ? { start: Number(span[1]), end: Number(span[2]) } : null;
  return show(id, place, history.state?.answer ?? null);
}

/** Open an article at a place; `answer` is the one that cites it, whose other places in it are marked too. */
export function open(id, place, answer = null, from = null) {
  opener = from || document.activeElement;
  const query = new URLSearchParams(location.search);
  query.set("article", id);
  if (place) query.set("span", `${place.start}:${place.end}`);
  else query.delete("span");
  const state = { answer, pane: (history.state?.pane || 0) + 1 };
  history.pushState(state, "", `${location.pathname}?${address(query)}`);
  return show(id, place, answer);
}

const address = (query) => query.toString().replaceAll("%3A", ":");

function history_back() {
  const query = new URLSearchParams(location.search);
  if (!query.has("article")) return lower();
  const depth = history.state?.pane || 0;
  if (depth > 0) return history.go(-depth); // past all that was opened, to where the pane was shut
  query.delete("article");
  query.delete("span");
  const left = address(query);
  history.replaceState(null, "", left ? `?${left}` : location.pathname);
  lower();
}

/** Close the pane. */
export function lower() {
  wanted = null;
  if (!pane || pane.hidden) return;
  pane.hidden = true;
  document.body.classList.remove("with-source");
  document.querySelectorAll(".chip.open").forEach((chip) => chip.classList.remove("open"));
  shown = null;
  if (opener?.isConnected) opener.focus();
}

async function show(id, place, answer) {
  const first = pane.hidden;
  const want = Symbol(id);
  wanted = want;
  pane.hidden = false;
  document.body.classList.add("with-source");
  if (phone.matches) {
    pane.setAttribute("role", "dialog");
    pane.setAttribute("aria-modal", "true");
  } else {
    pane.removeAttribute("role");
    pane.removeAttribute("aria-modal");
  }
  if (first || phone.matches) pane.focus({ preventScroll: true });
  if (shown?.article.id !== id) {
    head.replaceChildren(make("p", { class: "loading" }, "Opening the article…"));
    body.replaceChildren();
  }
  try {
    const article = await fetched(id);
    if (wanted !== want) return; // something else has been opened since
    draw(article, places_of(article, place, answer), place, answer);
  } catch (error) {
    if (wanted !== want) return;
    shown = null;
    const again = button("Try again", () => show(id, place, answer), { icon: "again" });
    head.replaceChildren(make("p", { class: "failure", role: "alert" }, error.status === 404 ? "This article is not in the library, or no longer." : error.message), again);
    body.replaceChildren();
    counter.textContent = "";
  }
}

async function fetched(id) {
  if (!articles.has(id)) {
    if (/^\.\.?$/.test(id)) throw Object.assign(new Error(), { status: 404 }); // no address can name it: it would name the folder
    const response = await asked(`/api/v1/articles/${encodeURIComponent(id)}`);
    articles.clear(); // one is kept: it may be large
    articles.set(id, await response.json());
  }
  return articles.get(id);
}

/** Return the places of an article that are marked, in its order: those that the answer cites, and the one that is opened. */
function places_of(article, place, answer) {
  const cited = (answer?.citations || []).filter((one) => one.article_id === article.id).map(({ start, end, n, page, also_in }) => ({ start, end, n, page, also_in }));
  const known = place && cited.some((one) => one.start === place.start && one.end === place.end);
  return [...cited, ...(place && !known ? [{ ...place }] : [])].sort((one, other) => one.start - other.start || one.end - other.end);
}

function draw(article, places, place, answer) {
  const same = (one) => place && one.start === place.start && one.end === place.end;
  shown = { article, places, at: places.findIndex(same), answer };
  head.replaceChildren(...described(article));
  body.replaceChildren(...stretches(article, places, places[shown.at]));
  here();
}

/** Say what is known of an article, and link to where it was published. */
function described(article) {
  const facts = [origin(article), (article.authors || []).join(", ")].filter(Boolean).join(" · ");
  const place = shown.places[shown.at];
  const url = article.url ? followed(article.url) : null;
  const out = url && make("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", class: "out" }, `Open at ${url.host}`);
  const link = button("Copy link", () => share(article), { icon: "link" });
  const only = button("Ask only this article", () => narrowing(article), { icon: "filter" });
  return [
    make("h2", {}, article.title),
    facts && make("p", { class: "facts" }, facts),
    place?.page && make("p", { class: "facts page" }, `Page ${place.page}`),
    place?.also_in?.length && make("p", { class: "facts also" }, `Also in ${place.also_in.join(", ")}`),
    article.superseded_by && make("p", { class: "facts also" }, `There is a later version: ${article.superseded_by}`),
    make("div", { class: "pane-tools" }, out, link, only),
  ].filter(Boolean);
}

async function share(article) {
  const place = shown?.places[shown.at];
  const query = new URLSearchParams({ article: article.id });
  if (place) query.set("span", `${place.start}:${place.end}`);
  await copied(`${location.origin}${location.pathname}?${address(query)}`);
  tell("Link copied.");
}

/** Return the text in stretches that end where a paragraph does and no mark goes on; joined they are the text, character for character. */
function stretches(article, places, current) {
  const text = article.text;
  const parts = ranges(article, places, current);
  const made = [];
  let stretch = make("div", { class: "stretch" });
  let length = 0;
  const put = (from, end) => {
    while (from < end) {
      let to = end;
      if (length + to - from > STRETCH) {
        const cut = text.indexOf("\n", from + Math.max(0, STRETCH - length));
        to = cut < 0 || cut >= end ? end : cut + 1;
      }
      stretch.append(...spaced(text, from, to));
      length += to - from;
      from = to;
      if (length > STRETCH) {
        made.push(stretch);
        stretch = make("div", { class: "stretch" });
        length = 0;
      }
    }
  };
  let at = 0;
  for (const part of parts) {
    put(at, part.from);
    stretch.append(part.made(text.slice(part.from, part.to)));
    length += part.to - part.from;
    at = part.to;
  }
  put(at, text.length);
  if (stretch.childNodes.length) made.push(stretch);
  return made;
}

/** Return the characters `[from, to)` of a text with a gap, which holds none, after each paragraph that ends with one line break alone. */
function spaced(text, from, to) {
  const made = [];
  let begun = from;
  for (let end = text.indexOf("\n", from); end >= 0 && end < to; end = text.indexOf("\n", end + 1)) {
    const line = text.lastIndexOf("\n", end - 1) + 1;
    if (end - line < PARAGRAPH || text[end + 1] === "\n") continue;
    made.push(text.slice(begun, end + 1), make("span", { class: "gap" }));
    begun = end + 1;
  }
  return begun < to ? [...made, text.slice(begun, to)] : made;
}

/** Return what of the text is more than text, none of it twice: the place that is opened, others cited, headings, what is never cited. */
function ranges(article, places, current) {
  const headings = (article.headings || []).map(({ start, end, level }) => ({ start, end, made: (words) => make("span", { class: "heading", role: "heading", "aria-level": Math.min(6, level + 2) }, words) }));
  const silent = (article.not_citable || []).map(([start, end]) => ({ start, end, made: (words) => make("span", { class: "uncited", title: "Never cited: boilerplate" }, words) }));
  const cited = places.map((place) => ({ start: place.start, end: place.end, made: (words) => marked(place, words, place === current) }));
  const ordered = [...cited.filter((one) => current && one.start === current.start && one.end === current.end), ...cited, ...headings, ...silent];
  const where = units(article.text, ordered.flatMap((one) => [one.start, one.end]));
  const taken = [];
  for (const one of ordered) {
    for (const [from, to] of left(where.get(one.start), where.get(one.end), taken)) taken.push({ from, to, made: one.made });
  }
  return taken.sort((one, other) => one.from - other.from);
}

/** Return what of `[from, to)` is not taken. */
function left(from, to, taken) {
  let free = from < to ? [[from, to]] : [];
  for (const one of taken) {
    free = free.flatMap(([start, end]) =>
      one.to <= start || one.from >= end ? [[start, end]] : [[start, one.from], [one.to, end]].filter(([first, last]) => first < last),
    );
  }
  return free;
}

function marked(place, words, current) {
  const label = place.n ? `Citation ${place.n}` : "The place that was opened";
  const mark = make("mark", { class: current ? "cited current" : "cited", "data-span": `${place.start}:${place.end}`, title: label }, words);
  if (current) mark.setAttribute("tabindex", "-1");
  return mark;
}

/** Scroll to the place that is opened, and say which of how many it is. */
function here() {
  const { places, at } = round();
  counter.textContent = at < 0 ? "" : `${at + 1} of ${places.length}`;
  pane.querySelectorAll(".step").forEach((one) => {
    one.hidden = places.length < 2;
  });
  document.querySelectorAll(".chip.open").forEach((chip) => chip.classList.remove("open"));
  const mark = body.querySelector("mark.current");
  if (!mark) {
    body.scrollTop = 0;
    return;
  }
  const middle = () => mark.scrollIntoView({ block: "center", behavior: "auto" });
  middle();
  requestAnimationFrame(middle); // what stands above has been laid out now, and may be taller than was thought
}

/** Return what is gone through: all citations of the answer, by number, or else the places of this article. */
function round() {
  const cited = [...(shown.answer?.citations || [])].sort((one, other) => one.n - other.n);
  const here = shown.places[shown.at];
  const at = cited.findIndex((one) => here && one.article_id === shown.article.id && one.start === here.start && one.end === here.end);
  if (at >= 0) return { places: cited, at };
  return { places: shown.places.map((one) => ({ ...one, article_id: shown.article.id })), at: shown.at };
}

/** Go to the next citation, or the one before, in whichever article it is. */
function step(by) {
  if (!shown) return;
  const { places, at } = round();
  if (!places.length) return;
  const next = places[(Math.max(at, by > 0 ? -1 : 0) + by + places.length) % places.length];
  const query = new URLSearchParams(location.search);
  query.set("article", next.article_id);
  query.set("span", `${next.start}:${next.end}`);
  history.replaceState(history.state, "", `?${address(query)}`);
  show(next.article_id, next, shown.answer);
}
