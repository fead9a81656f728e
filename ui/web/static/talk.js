// The conversation: what Gradio shows of it, what this browser keeps of it, and what is handed in with each question.

import { equip, rewriting } from "./answer.js";
import * as pane from "./pane.js";
import * as proof from "./proof.js";
import * as store from "./store.js";
import { asked, button, make, tell, write } from "./text.js";

const MOST_HANDED_IN = 3_500_000; // characters; the server reads somewhat more

const answers = new Map(); // by key: what is known, or promised
const partial = new Set(); // keys of answers that were still growing when they were fetched
const changes = new Set();

/** Call back when the conversation has changed. */
export const watch = (act) => changes.add(act);
const changed = () => changes.forEach((act) => act());

const conversation = () => document.getElementById("conversation");
const box = () => document.querySelector("#question textarea");
const handed = () => document.querySelector("#handed-in textarea, #handed-in input");

/** Read what stands among the classes of a message: the turn it is of, the answer's state and key, the conversation. */
function about(element) {
  const found = { turn: null, talk: "", key: "", state: "" };
  for (const name of element.classList) {
    const [, word, value] = /^(turn|talk|key|state)-(.+)$/.exec(name) || [];
    if (word) found[word] = word === "turn" ? Number(value) : value;
  }
  found.talk ||= store.talk().id; // it was asked before this script was there, in the conversation that is held now
  return found;
}

function answer_of(key) {
  if (!key) return Promise.resolve(null);
  if (!answers.has(key)) {
    const kept = store.talk().turns.find((turn) => turn.key === key)?.answer;
    const promised = kept ? Promise.resolve(kept) : asked(`/api/v1/answers/${encodeURIComponent(key)}`).then((response) => response.json());
    answers.set(key, promised.catch(() => (answers.delete(key), null)));
  }
  return answers.get(key);
}

/** Hand in the conversation with the next question, up to turn `end`. */
function hand_in(extra = {}, end = Infinity) {
  const { id, turns, ids } = store.talk();
  const told = turns.slice(0, end).map(({ question, key, answer, stopped, searched, pending }) => ({ question, key, stopped, answer, searched, pending: Boolean(pending) }));
  let length = 0;
  const sizes = told.map((turn) => JSON.stringify(turn).length + 1);
  let from = told.length;
  while (from > 0 && length + sizes[from - 1] <= MOST_HANDED_IN) length += sizes[--from]; // the last ones, where not all can be
  const field = handed();
  if (field) write(field, JSON.stringify({ id, from, turns: told.slice(from), ids: (ids || []).map((one) => one.id), ...extra }));
}

const moment = () => new Promise((done) => setTimeout(done, 30));

/** Show the conversation that is kept. */
export async function show() {
  const { id, turns } = store.talk();
  const shown = () => document.querySelectorAll("#conversation .answer").length === turns.length && document.querySelectorAll(`#conversation .asked.talk-${id}`).length === turns.length;
  const before = asking;
  changed();
  stale = false;
  for (let tries = 0; tries < 5; tries += 1) { // Gradio may not listen yet
    if (asking && asking !== before) { // shown again now, what has just been asked would look as if another page were at it
      stale = true;
      return;
    }
    hand_in();
    await moment();
    document.getElementById("show")?.click();
    for (let waited = 0; waited < 60; waited += 1) {
      await moment();
      if (shown() || store.talk().id !== id) return;
    }
  }
}

/** Ask a question in place of turn `at`, and of what came after it; they go when the new answer is there. */
async function ask(question, at, understood = null) {
  if (busy()) return tell("An answer is still being made; stop it first.");
  asking = { talk: store.talk().id, turn: at, question, again: at < store.talk().turns.length };
  hand_in(understood ? { understood } : {}, at);
  write(box(), question);
  await moment();
  document.querySelector("#question .submit-button")?.click();
  return undefined;
}

const busy = () => Boolean(document.querySelector("#question .stop-button"));

/** Stop the answer that is being made, where one is, and keep what came of it. */
export async function halt() {
  if (!busy()) return;
  document.querySelector("#question .stop-button").click();
  await stopped();
  for (let waited = 0; waited < 100 && busy(); waited += 1) await moment();
}

/** Put the next questions to one article. */
export function only(article) {
  const talk = store.talk();
  talk.ids ||= [];
  if (!talk.ids.some((one) => one.id === article.id)) talk.ids.push({ id: article.id, title: article.title });
  chosen();
  tell(`The next questions are put to “${article.title}” alone.`);
  box()?.focus();
}

function chosen() {
  const row = document.getElementById("limits");
  if (!row) return;
  row.querySelectorAll(".chosen").forEach((one) => one.remove());
  for (const one of store.talk().ids || []) {
    const drop = button("Search all articles again", () => {
      store.talk().ids = store.talk().ids.filter((other) => other.id !== one.id);
      chosen();
      box()?.focus();
    }, { icon: "close", words: false });
    row.append(make("span", { class: "limit chosen" }, make("span", {}, `Only: ${one.title}`), drop));
  }
  row.classList.toggle("any", Boolean(row.querySelector(".limit")));
  hand_in();
}

// --- what Gradio has shown ---------------------------------------------------------------------------------------------------

let waiting = false;

function settle() {
  waiting = false;
  const shown = conversation();
  if (!shown) return;
  for (const message of shown.querySelectorAll("[data-testid=user], [data-testid=bot]")) message.removeAttribute("aria-label");
  const log = shown.querySelector("[role=log]");
  if (log && log.getAttribute("aria-label") !== "Conversation") {
    log.setAttribute("aria-label", "Conversation");
    log.setAttribute("tabindex", "0");
  }
  mend();
  for (const link of shown.querySelectorAll("a.chip[target], a.near[target]")) link.removeAttribute("target");
  for (const message of shown.querySelectorAll(".asked:not(.ready)")) settle_question(message);
  for (const message of shown.querySelectorAll(".answer:not(.ready)")) settle_answer(message);
}

/** Mend what Gradio leaves unsaid to who cannot see: names of its buttons, and lists that hold none. */
function mend() {
  document.querySelectorAll("#question .submit-button").forEach((one) => one.setAttribute("aria-label", "Ask"));
  document.querySelectorAll("#question .stop-button").forEach((one) => one.setAttribute("aria-label", "Stop"));
  document.querySelectorAll("#conversation .examples[role=list]").forEach((one) => {
    one.setAttribute("role", "group");
    one.setAttribute("aria-label", "Questions to begin with");
  });
  document.querySelectorAll("#conversation [role=complementary]").forEach((one) => one.removeAttribute("role"));
  for (const id of ["after", "before"]) {
    const field = document.querySelector(`#${id} textarea, #${id} input`);
    field?.setAttribute("aria-invalid", String(Boolean(document.querySelector(`#${id}.wrong`))));
  }
}

/** Bring the last question to the top, with what comes of its answer below. */
function in_sight() {
  const log = conversation()?.querySelector("[role=log]");
  const last = [...(log?.querySelectorAll(".asked") || [])].at(-1);
  if (last) log.scrollTop += last.getBoundingClientRect().top - log.getBoundingClientRect().top - 20;
}

function settle_question(message) {
  message.classList.add("ready");
  const { turn, talk } = about(message);
  if (talk !== store.talk().id) return;
  const words = message.textContent;
  const edit = button("Edit the question", () => rewriting(message, "The question", store.talk().turns[turn]?.question || words, (question) => ask(question, turn)), { icon: "edit", words: false });
  message.append(edit);
}

async function settle_answer(message) {
  message.classList.add("ready");
  const { turn, talk, key, state } = about(message);
  if (state === "reading" || state === "growing") pulse();
  if (state !== "growing" && message === [...document.querySelectorAll("#conversation .answer")].at(-1)) in_sight();
  if (talk !== store.talk().id) return ["reading", "growing", "whole"].includes(state) && store.lacks(talk, turn) ? strayed(turn, talk, key) : undefined;
  if (state === "reading") return begun(turn);
  if (state === "failed") return failed(message, turn);
  if (state === "elsewhere") return undefined; // it is shown when it is there
  if (state === "growing") partial.add(key);
  if (state === "growing" || partial.delete(key)) answers.delete(key); // it is more by now
  const answer = await answer_of(key);
  if (!answer || !message.isConnected || talk !== store.talk().id) return undefined;
  for (const chip of message.querySelectorAll("a.chip")) {
    const citation = cited(chip, answer);
    if (citation) chip.setAttribute("aria-label", `Citation ${citation.n}: ${citation.title}`);
  }
  if (state === "growing") return grown(key);
  const turns = store.talk().turns;
  if (turns[turn]?.key !== key || turns[turn].pending) {
    if (!asking && settled_here.has(key)) return show(); // another page has changed what stands here
    const searched = message.querySelector(".searched")?.textContent;
    if (settled(turn, { question: answer.question, key, answer: store.slim(answer), stopped: false, searched }) !== turn) return show();
    if (stale) setTimeout(show); // this message stays as it is, and is equipped here
  }
  const told = turns[turn];
  equip(message.querySelector(".tools"), told, store.keep, () => ask(told.question, turn));
  if (turn === turns.length - 1 && message === [...document.querySelectorAll("#conversation .answer")].at(-1)) in_sight();
  const understood = message.querySelector(".understood");
  if (understood) {
    const act = () => rewriting(understood, "The question as it is to be understood", answer.standalone_question, (words) => ask(told.question, turn, words));
    understood.append(button("Edit and ask again", act, { icon: "edit" }));
  }
  return undefined;
}

// --- a question on its way -------------------------------------------------------------------------------------------------

let asking = null; // {talk, turn, question, again, mark}: what is being answered, whether in the place of something else, else its mark
let stale = false; // another page has changed the conversation while this one was waiting for an answer
let latest = null; // {talk, told, at}: what this page kept last
const AT_ONCE = 2000; // milliseconds within which two pages may not have seen what the other wrote
const settled_here = new Set(); // the keys of answers that this page has kept

const asked_at = (turn) => document.querySelector(`#conversation .asked.turn-${turn}`)?.textContent || "";

/** Return where the question stands that this page is waiting for: another page may have put its own before it. */
const own = () => (asking?.mark ? store.talk().turns.findIndex((turn) => turn.pending === asking.mark) : -1);

/** Hold a question for as long as this page waits for its answer, so that others of this browser know that somebody does. */
function held(mark) {
  let release;
  navigator.locks?.request(`assay.${mark}`, () => new Promise((done) => (release = done))).catch(() => {}); // there are none over plain http
  return () => release?.();
}

async function is_held(mark) {
  const known = await navigator.locks?.query().catch(() => null);
  return Boolean(known?.held.some((lock) => lock.name === `assay.${mark}`));
}

/** Wait for no answer any more. */
function done() {
  asking?.release?.();
  asking = null;
}

/** Keep a question as soon as it is asked: whatever happens to its answer, it is there. */
function begun(turn) {
  store.merge();
  const { id, turns } = store.talk();
  const again = asking?.talk === id && asking.turn === turn && asking.again;
  asking = { talk: id, turn, question: asked_at(turn), again };
  if (!again) {
    asking.mark = store.mark();
    asking.release = held(asking.mark);
    turns.push(promised());
    store.keep();
    changed();
  }
  hand_in(); // what was said of how to understand it holds for one question
}

/** Keep a question that had to wait for its turn, where another conversation has been opened meanwhile, and end its answer. */
async function strayed(turn, talk, key) {
  store.leave(talk, turn, { question: asked_at(turn), key, answer: null, stopped: true });
  for (let waited = 0; waited < 20 && !busy(); waited += 1) await moment();
  document.querySelector("#question .stop-button")?.click();
  for (let waited = 0; waited < 100 && busy(); waited += 1) await moment();
  await show();
}

const promised = () => ({ question: asking.question, key: "", answer: null, stopped: true, pending: asking.mark });

/** Put back what another page, which wrote at the same moment, has not seen of this one. */
function mended() {
  const { id, turns } = store.talk();
  const before = turns.length;
  if (latest?.talk === id && Date.now() - latest.at < AT_ONCE && !turns.some((turn) => turn.key === latest.told.key)) turns.push(latest.told);
  if (asking?.mark && asking.talk === id && own() < 0) turns.push(promised());
  if (turns.length > before) store.keep();
}

/** Keep under which key the answer grows, so that what came of it is found where this page is shut. */
function grown(key) {
  store.merge();
  const pending = store.talk().turns[own()];
  if (!pending || pending.key) return;
  pending.key = key;
  store.keep();
}

/** Keep an answer in place of its question, or of what stood there and all that came after; returns the turn that it is now. */
function settled(turn, told) {
  store.merge();
  const turns = store.talk().turns;
  let at = turn;
  if (asking?.turn === turn && asking.again) turns.length = Math.min(turns.length, turn);
  else {
    at = own();
    if (at < 0 && told.key) at = turns.findIndex((one) => one.key === told.key);
    if (at < 0) at = turns.length; // another page has gone on meanwhile
  }
  turns[at] = told;
  done();
  settled_here.add(told.key);
  latest = { talk: store.talk().id, told, at: Date.now() };
  store.keep();
  hand_in();
  changed();
  return at;
}

function failed(message, turn) {
  const turns = store.talk().turns;
  const now = asking?.talk === store.talk().id && asking.turn === turn ? asking : null;
  const question = now?.question || turns[turn]?.question || asked_at(turn);
  if (now) {
    const at = own();
    done();
    if (at >= 0) {
      turns.splice(at, 1);
      store.keep();
    }
    hand_in();
  }
  const boxed = now || !turns[turn];
  if (boxed && box() && !box().value) write(box(), question);
  message.append(make("div", { class: "tools" }, button("Ask again", () => ask((boxed && box()?.value.trim()) || question, turn), { icon: "again" })));
}

const cited = (chip, answer) => answer.citations.find((one) => chip.classList.contains(`n-${one.n}`));

// --- stopped, lost ---------------------------------------------------------------------------------------------------------

let stopping = null;

/** Keep what came of an answer that is stopped. */
function stopped() {
  stopping ||= stopped_once().finally(() => (stopping = null));
  return stopping;
}

async function stopped_once() {
  await new Promise((done) => setTimeout(done, 250));
  const open = [...document.querySelectorAll("#conversation .answer.state-reading, #conversation .answer.state-growing")].at(-1);
  if (!open) return;
  const { turn, key, talk } = about(open);
  if (talk !== store.talk().id) return;
  if (key) answers.delete(key);
  const answer = await answer_of(key);
  if (answer) settled(turn, { question: answer.question, key, answer: store.slim(answer), stopped: true });
  else {
    const pending = store.talk().turns[own()];
    if (pending) delete pending.pending;
    done();
    store.keep();
  }
  await show();
  box()?.focus();
}

let pulsing = null;

/** While an answer is on its way, see whether the server is still there. */
function pulse() {
  if (pulsing) return;
  let missed = 0;
  pulsing = setInterval(async () => {
    const open = document.querySelector("#conversation .answer.state-reading:not(.lost), #conversation .answer.state-growing:not(.lost)");
    if (!open) {
      clearInterval(pulsing);
      pulsing = null;
      return;
    }
    try {
      await fetch("/own/assay.css", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(4000) });
      missed = 0;
    } catch {
      missed += 1;
      if (missed === 2) lost(open);
    }
  }, 1500);
}

function lost(message) {
  const { turn } = about(message);
  const question = document.querySelector(`#conversation .asked.turn-${turn}`)?.textContent || "";
  message.classList.add("lost");
  const again = button("Ask again", () => location.reload(), { icon: "again" });
  message.append(make("p", { class: "failure", role: "alert" }, "The connection was lost before the answer came. Your question is kept."), again);
  sessionStorage.setItem("assay.kept-question", question);
}

// --- beginning -------------------------------------------------------------------------------------------------------------

/** Take up the conversation: show what is kept or what the address names, and follow what happens. */
export async function begin() {
  const shown = await here("#conversation");
  await here("#handed-in textarea, #handed-in input");
  new MutationObserver(() => {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(settle);
    }
  }).observe(document.querySelector(".gradio-container") || shown, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label", "class"] });
  document.addEventListener("click", clicked);
  proof.follow(async (chip) => {
    const answer = await answer_of(about(chip.closest(".answer")).key);
    return answer && cited(chip, answer);
  });
  await found();
  await shared();
  store.watch(async (other) => {
    if (other) mended();
    changed();
    if (other && (busy() || asking)) stale = true;
    else if (other) await show();
  });
  if (store.talk().turns.length && !asking && !busy()) await show();
  chosen();
  settle();
  const kept = sessionStorage.getItem("assay.kept-question");
  if (kept) {
    sessionStorage.removeItem("assay.kept-question");
    write(box(), kept);
  }
  changed();
}

/** Find what came of a question whose page was shut while it was answered. */
async function found() {
  const turns = store.talk().turns;
  const last = turns.at(-1);
  if (!last?.pending || (await is_held(last.pending))) return; // another page is at it
  if (last.question === sessionStorage.getItem("assay.kept-question")) turns.pop(); // it is in the box again
  else {
    delete last.pending;
    const answer = last.key && (await answer_of(last.key));
    if (answer) last.answer = store.slim(answer);
  }
}

async function here(selector) {
  for (;;) {
    const found = document.querySelector(selector);
    if (found) return found;
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** Show the answer that the address names as a conversation of its own, which is kept once it goes on. */
async function shared() {
  const key = new URLSearchParams(location.search).get("answer");
  if (!key || store.talk().turns.some((turn) => turn.key === key)) return;
  const answer = await answer_of(key);
  if (!answer) return tell("The answer of this link is not kept here, or no longer. Ask its question again.");
  store.open();
  store.talk().turns.push({ question: answer.question, key, answer: store.slim(answer), stopped: false });
  return undefined;
}

async function clicked(event) {
  if (event.target.closest?.("#question .stop-button")) return stopped();
  if (event.target.closest?.("#clear-limits")) {
    store.talk().ids = [];
    return chosen();
  }
  const link = event.target.closest?.("a.chip, a.near, a[data-article]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return undefined;
  event.preventDefault();
  proof.lower();
  const query = new URL(link.href, location.href).searchParams;
  if (link.dataset.article !== undefined) return pane.open(query.get("article"), null, null, link);
  const [start, end] = (query.get("span") || "").split(":").map(Number);
  const answer = await answer_of(about(link.closest(".answer")).key);
  const citations = answer?.citations || [];
  await pane.open(query.get("article"), { start, end }, { citations }, link);
  link.classList.add("open");
  return undefined;
}
