// Elements made of plain text, and places in a text. Whatever comes from articles, questions or models becomes text nodes here, never markup.

/** Make an element: `make("a", {class: "chip", href: "…"}, "words", child)`. Attributes are never handlers; children are text or elements. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.toLowerCase().startsWith("on")) throw new Error("handlers are added with addEventListener");
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Make a button with an icon, or words, or both. */
export function button(label, act, { icon = null, words = true, ...attributes } = {}) {
  const made = make("button", { type: "button", class: "act", "aria-label": words ? null : label, title: words ? null : label, ...attributes });
  if (icon) made.append(drawn(icon));
  if (words) made.append(make("span", {}, label));
  made.addEventListener("click", act);
  return made;
}

const PATHS = {
  copy: "M9 9h10v10H9zM5 15V5h10",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  up: "M7 11v9H4v-9zM7 11l4-8c2 0 3 1 3 3l-1 4h6l-2 9c0 1-1 1-2 1H7",
  down: "M7 13V4H4v9zM7 13l4 8c2 0 3-1 3-3l-1-4h6l-2-9c0-1-1-1-2-1H7",
  edit: "M4 20l1-5L16 4l4 4L9 19z",
  again: "M5 12a7 7 0 1 1 2 5M5 20v-4h4",
  close: "M6 6l12 12M18 6L6 18",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  menu: "M4 7h16M4 12h16M4 17h16",
  add: "M12 5v14M5 12h14",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  half: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  filter: "M4 6h16M7 12h10M10 18h4",
};

/** Draw an icon; it says nothing to who cannot see it. */
export function drawn(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: "18", height: "18", "aria-hidden": "true", class: "icon" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Return where each of `points`, counted in Unicode code points, stands in a string, which counts in UTF-16 units. */
export function units(text, points) {
  const places = new Map();
  if (!/[\ud800-\udbff]/.test(text)) {
    for (const point of points) places.set(point, Math.min(point, text.length));
    return places;
  }
  const sorted = [...new Set(points)].sort((one, other) => one - other);
  let unit = 0;
  let counted = 0;
  for (const point of sorted) {
    while (counted < point && unit < text.length) {
      const code = text.charCodeAt(unit);
      unit += code >= 0xd800 && code <= 0xdbff && unit + 1 < text.length ? 2 : 1;
      counted += 1;
    }
    places.set(point, unit);
  }
  return places;
}

/** Return an address that may be followed, or null: only those of the web, as they were stored with an article. */
export function followed(address) {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url : null;
  } catch {
    return null;
  }
}

/** Return what is known of where something was published. */
export function origin(known) {
  return [known.source, known.published].filter(Boolean).join(", ");
}

/** Ask our own server, and return what it says as JSON; throws an error with words that can be shown. */
export async function asked(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Error("The connection is lost; try again when it is back.");
  }
  if (!response.ok) {
    const said = await response.json().catch(() => ({}));
    const words = typeof said.detail === "string" ? said.detail : typeof said.error === "string" ? said.error : said.error?.message;
    const error = new Error(words || `The server answered ${response.status}; try again.`);
    error.status = response.status;
    throw error;
  }
  return response;
}

/** Send JSON to our own server. */
export function sent(path, values) {
  return asked(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values) });
}

/** Put words into a field of Gradio's, as if they had been typed. */
export function write(element, words) {
  const kind = element instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(element, words);
  element.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Tell something in passing, aloud as well. */
export function tell(words) {
  let place = document.getElementById("told");
  if (!place) {
    place = make("div", { id: "told", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  place.textContent = words;
  place.classList.add("shown");
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => place.classList.remove("shown"), 4000);
}

/** Put words on the clipboard; where the browser has none (plain http), by the older way. */
export async function copied(words) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    const area = make("textarea", { "aria-hidden": "true", class: "off-screen" });
    area.value = words;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
