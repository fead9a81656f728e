// What frames the conversation: the bar at the top, the conversations of this browser, export, light and dark, and being offline.

import * as store from "./store.js";
import { halt, show, watch } from "./talk.js";
import { button, make, sent, tell } from "./text.js";

const MODE = "assay.mode";

let bar, drawer, list;

/** Make the frame. */
export function raise() {
  const skip = make("a", { href: "#question", class: "skip" }, "Skip to the question");
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    document.querySelector("#question textarea")?.focus();
  });
  const talks = button("Conversations", () => toggle(), { icon: "menu", "aria-label": "Conversations", "aria-expanded": "false", "aria-controls": "talks", id: "open-talks" });
  const fresh = button("New conversation", () => take(null), { icon: "add", words: false, id: "new-talk" });
  const light = button("Light or dark", () => switched(), { icon: "half", words: false, id: "mode" });
  const name = make("h1", { class: "brand" }, make("span", { class: "mark", "aria-hidden": "true" }), "Assay");
  bar = make("div", { class: "bar" }, talks, fresh, exporting(), light);
  const top = make("header", { id: "top" }, name, bar);
  drawer = make("nav", { id: "talks", "aria-label": "Conversations", hidden: true });
  drawer.addEventListener("keydown", (event) => event.key === "Escape" && toggle(false));
  list = make("ul", {});
  drawer.append(
    make("div", { class: "talks-head" }, make("h2", {}, "Conversations"), button("Close", () => toggle(false), { icon: "close", words: false })),
    button("New conversation", () => take(null), { icon: "add" }),
    list,
    make("p", { class: "facts" }, "Kept in this browser only."),
  );
  document.body.prepend(skip, top, drawer);
  watch(drawn_list);
  dressed();
  lines();
}

/** Return the name of who has logged in, null where nobody must, and show it with a way out. */
export async function visitor() {
  const name = await told_name();
  if (name) {
    const out = make("form", { method: "post", action: "/logout", class: "who" }, make("span", { class: "name", title: `Logged in as ${name}` }, name));
    const leave = () => {
      sessionStorage.clear(); // what a page holds for a moment is of who was here
      out.submit();
    };
    const forgetting = async () => {
      await halt();
      store.clear();
      leave();
    };
    const choices = [["Log out", leave], ["Log out and delete my conversations from this browser", forgetting]];
    out.append(menu(button("Log out", () => {}, { id: "log-out" }), "Log out", choices));
    bar.append(out);
  }
  return name;
}

async function told_name() {
  for (let waited = 0; waited < 400; waited += 1) {
    const told = document.querySelector("#visitor textarea, #visitor input")?.value;
    if (told) return JSON.parse(told).name;
    await new Promise((done) => setTimeout(done, 25));
  }
  return null;
}

// --- conversations -----------------------------------------------------------------------------------------------------------

function toggle(open = drawer.hidden) {
  drawer.hidden = !open;
  document.body.classList.toggle("with-talks", open);
  const opener = document.getElementById("open-talks");
  opener.setAttribute("aria-expanded", String(open));
  if (open) {
    drawn_list();
    drawer.querySelector("button")?.focus();
  } else opener.focus();
}

function drawn_list() {
  if (drawer.hidden) return;
  const now = store.talk().id;
  list.replaceChildren(...store.talks().map((talk) => row(talk, talk.id === now)));
  if (!list.childElementCount) list.append(make("li", { class: "facts" }, "None yet."));
}

function row(talk, now) {
  const day = new Date(talk.changed).toLocaleDateString(undefined, { day: "numeric", month: "short" });
  const open = make("button", { type: "button", class: "talk", "aria-current": now ? "true" : null }, make("span", {}, talk.title || "Untitled"), make("span", { class: "facts" }, day));
  open.addEventListener("click", () => take(talk.id));
  const rename = button(`Rename ${talk.title}`, () => renaming(item, talk), { icon: "edit", words: false });
  const forget = button(`Delete ${talk.title}`, () => forgetting(talk), { icon: "close", words: false });
  const item = make("li", { class: now ? "now" : null }, open, rename, forget);
  return item;
}

function renaming(item, talk) {
  const field = make("input", { "aria-label": "Name of the conversation", maxlength: "120" });
  field.value = talk.title;
  const done = (keep) => {
    if (keep) store.rename(talk.id, field.value);
    drawn_list();
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") done(true);
    if (event.key === "Escape") {
      event.stopPropagation();
      done(false);
    }
  });
  field.addEventListener("blur", () => field.isConnected && done(true));
  item.replaceChildren(field);
  field.focus();
}

async function forgetting(talk) {
  const now = talk.id === store.talk().id;
  if (now) await halt();
  store.forget(talk.id);
  drawn_list();
  tell("The conversation is deleted from this browser.");
  if (now) await show();
  drawer.querySelector("button")?.focus();
}

async function take(id) {
  await halt(); // what is being answered is kept as far as it came
  store.open(id);
  if (new URLSearchParams(location.search).has("answer")) history.replaceState(null, "", location.pathname);
  if (!drawer.hidden && matchMedia("(max-width: 899px)").matches) toggle(false);
  await show();
  drawn_list();
  document.querySelector("#question textarea")?.focus();
}

// --- export ------------------------------------------------------------------------------------------------------------------

const FORMATS = [["markdown", "Markdown with references", "md"], ["bibtex", "BibTeX of the cited articles", "bib"], ["csl-json", "CSL-JSON of the cited articles", "json"]];

function exporting() {
  const opener = button("Export", () => {}, { icon: "save", words: false, id: "export" });
  return menu(opener, "Export the conversation", FORMATS.map(([format, label, ending]) => [label, () => exported(format, ending)]));
}

/** Make a menu of choices, each a label and what it does, that `opener` opens. */
function menu(opener, label, choices) {
  const shown = make("div", { class: "menu", role: "menu", "aria-label": label, hidden: true });
  const set = (open) => {
    shown.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) shown.querySelector("button").focus();
  };
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-expanded", "false");
  opener.addEventListener("click", () => set(shown.hidden));
  for (const [words, act] of choices) {
    const item = button(words, () => {
      set(false);
      act();
    }, { role: "menuitem", class: "act item" });
    shown.append(item);
  }
  const whole = make("div", { class: "with-menu" }, opener, shown);
  whole.addEventListener("keydown", (event) => {
    const items = [...shown.children];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") {
      set(false);
      opener.focus();
    } else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => !whole.contains(event.target) && !shown.hidden && set(false));
  return whole;
}

async function exported(format, ending) {
  const turns = store.talk().turns.filter((turn) => turn.answer);
  if (!turns.length) return tell("There is nothing to export yet; ask something first.");
  try {
    const response = await written(turns, format);
    const url = URL.createObjectURL(await response.blob());
    const link = make("a", { href: url, download: `assay-conversation.${ending}` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    const left = Number(response.headers.get("Assay-Left-Out"));
    tell(left ? `Exported, but for ${left} of ${turns.length} answers, which cannot be read.` : "Exported.");
  } catch (error) {
    tell(error.status === 413 ? "This conversation is too long to be exported at once." : error.message);
  }
  return undefined;
}

/** Have answers written out: by their keys, or, where the server remembers one no longer, as this browser has kept them. */
async function written(turns, format) {
  try {
    return await sent("/api/v1/export", { keys: turns.map((turn) => turn.key), format });
  } catch (error) {
    if (![404, 422].includes(error.status)) throw error;
    return sent("/api/v1/export", { answers: turns.map((turn) => ({ ...turn.answer, hits: [] })), format });
  }
}

// --- light and dark --------------------------------------------------------------------------------------------------------

const system = matchMedia("(prefers-color-scheme: dark)");

let mode = null;
try {
  mode = localStorage.getItem(MODE);
} catch {
  // this browser keeps nothing
}

function dressed() {
  const dress = () => {
    const dark = mode ? mode === "dark" : system.matches;
    if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };
  dress();
  system.addEventListener("change", dress);
  new MutationObserver(dress).observe(document.body, { attributes: true, attributeFilter: ["class"] }); // Gradio dresses too
}

function switched() {
  const dark = !document.body.classList.contains("dark");
  mode = dark ? "dark" : "light";
  try {
    localStorage.setItem(MODE, mode);
  } catch {
    tell("This browser keeps nothing; the choice holds until the page is closed.");
  }
  document.body.classList.toggle("dark", dark);
  tell(dark ? "Dark." : "Light.");
}

// --- offline -----------------------------------------------------------------------------------------------------------------

function lines() {
  const banner = make("p", { id: "offline", role: "status", hidden: navigator.onLine }, "You are offline. Your conversations are kept in this browser; nothing can be asked until the connection is back.");
  document.body.append(banner);
  addEventListener("offline", () => (banner.hidden = false));
  addEventListener("online", () => (banner.hidden = true));
}
