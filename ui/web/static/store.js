// The conversations of this browser, in its own storage: nobody else has them, and they are there after a restart of either side.
//
// Several pages may be open at once. Each reads what the others have written before it writes, conversation by conversation: the copy that
// was saved last counts, and one that was deleted stays deleted.

import { tell } from "./text.js";

const MOST_TALKS = 60;
const MOST_GONE = 500;
const MOST_CHARACTERS = 3_500_000; // browsers give five million or so
const VOTER = "assay.voter";
const HERE = "assay.current"; // the conversation of this page, where several are open

let place = "assay.conversations.1";
let kept = { talks: [], gone: {}, current: null };
let now = fresh();
const changes = new Set();

/** Begin with what is kept for `user`, who has logged in; null where nobody must. */
export function begin(user) {
  if (user) place = `assay.conversations.1 of ${user}`;
  kept = read();
  const here = session(HERE);
  now = kept.talks.find((talk) => talk.id === here) || kept.talks.find((talk) => talk.id === kept.current) || fresh();
  addEventListener("storage", (event) => {
    if (event.key !== place && event.key !== null) return;
    const before = shown(now);
    merge();
    changes.forEach((act) => act(shown(now) !== before));
  });
}

/** Call back when another page has changed what is kept; it is told whether the conversation that is held is another now. */
export const watch = (act) => changes.add(act);

function read() {
  try {
    const values = JSON.parse(localStorage.getItem(place) || "{}");
    const talks = Array.isArray(values.talks) ? values.talks.filter((talk) => talk && typeof talk.id === "string" && Array.isArray(talk.turns)) : [];
    const gone = values.gone && typeof values.gone === "object" ? values.gone : {};
    return { talks, gone, current: typeof values.current === "string" ? values.current : null };
  } catch {
    return { talks: [], gone: {}, current: null };
  }
}

/** Return what of a conversation is seen of it as a whole; votes and the like are not. */
const shown = (talk) => JSON.stringify(talk.turns.map((turn) => [turn.question, turn.key, turn.pending]));

const saved = (talk) => talk.saved || talk.changed || 0;

/** Take over what other pages have written since: whoever changes something does so first, that nothing of theirs is written over. */
export function merge() {
  const stored = read();
  kept.gone = { ...stored.gone, ...kept.gone };
  const known = new Map(kept.talks.map((talk) => [talk.id, talk]));
  for (const talk of stored.talks) {
    const own = known.get(talk.id);
    if (!own) known.set(talk.id, talk);
    else if (saved(talk) > saved(own)) {
      replace(own, { ...talk, turns: talk.turns.map((turn) => kept_turn(own.turns, turn)) }); // whoever holds it holds the new one
    }
  }
  kept.talks = [...known.values()].filter((talk) => !(kept.gone[talk.id] >= saved(talk)));
}

/** Return a turn as it was written elsewhere, in the object that this page holds of it. */
function kept_turn(turns, told) {
  const held = told?.key ? turns.find((turn) => turn.key === told.key) : null;
  return held ? replace(held, told) : told;
}

function replace(held, values) {
  for (const name of Object.keys(held)) delete held[name];
  return Object.assign(held, values);
}

function write() {
  merge();
  kept.talks.sort((one, other) => other.changed - one.changed);
  kept.talks = kept.talks.slice(0, MOST_TALKS);
  kept.gone = Object.fromEntries(Object.entries(kept.gone).sort(([, one], [, other]) => other - one).slice(0, MOST_GONE));
  session(HERE, now.id);
  for (;;) {
    const words = JSON.stringify(kept);
    try {
      if (words.length > MOST_CHARACTERS && kept.talks.length > 1) throw new Error("too much");
      localStorage.setItem(place, words);
      return true;
    } catch {
      if (kept.talks.length <= 1) {
        tell("This browser keeps no more; the conversation lasts as long as this page.");
        return false;
      }
      const oldest = kept.talks.findLast((talk) => talk !== now);
      kept.talks = kept.talks.filter((talk) => talk !== oldest);
    }
  }
}

function session(name, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(name);
    sessionStorage.setItem(name, value);
  } catch {
    // this browser keeps nothing
  }
  return null;
}

function fresh() {
  return { id: random(8), title: "", changed: Date.now(), turns: [], ids: [] };
}

function random(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return a mark that no other page makes. */
export const mark = () => random(8);

/** Return the conversation that is held. */
export const talk = () => now;

/** Return all conversations, the latest first. */
export const talks = () => kept.talks;

/** Keep the conversation as it is now; one without a question is not kept. */
export function keep() {
  now.changed = now.saved = Date.now();
  now.title ||= now.turns[0]?.question.slice(0, 120) || "";
  if (now.turns.length && !kept.talks.includes(now)) kept.talks.push(now);
  kept.current = now.id;
  return write();
}

/** Begin a new conversation, or take up another. */
export function open(id = null) {
  now = kept.talks.find((one) => one.id === id) || fresh();
  kept.current = now.id;
  write();
  return now;
}

/** Say whether a conversation that is not held, and that nobody has deleted, has no such turn. */
export const lacks = (id, turn) => !(id in kept.gone) && (kept.talks.find((one) => one.id === id)?.turns.length ?? 0) <= turn;

/** Keep a turn of a conversation that is not held. */
export function leave(id, turn, told) {
  let found = kept.talks.find((one) => one.id === id);
  if (!found) {
    found = { id, title: told.question.slice(0, 120), turns: [], ids: [] };
    kept.talks.push(found);
  }
  if (found.turns.length === turn) found.turns.push(told);
  found.changed = found.saved = Date.now();
  write();
}

/** Name a conversation. */
export function rename(id, title) {
  const found = kept.talks.find((one) => one.id === id);
  if (found && title.trim()) {
    found.title = title.trim().slice(0, 120);
    found.saved = Date.now();
  }
  write();
}

/** Forget a conversation, on all pages that are open. */
export function forget(id) {
  kept.gone[id] = Date.now();
  kept.talks = kept.talks.filter((one) => one.id !== id);
  if (now.id === id) now = fresh();
  kept.current = now.id;
  write();
}

/** Forget all conversations of who is here, on all pages that are open. */
export function clear() {
  merge();
  for (const talk of [...kept.talks, now]) kept.gone[talk.id] = Date.now();
  kept.talks = [];
  now = fresh();
  kept.current = now.id;
  write();
}

/** Return what tells the votes of this browser from those of others: at random, and said with nothing else. */
export function voter() {
  try {
    let token = localStorage.getItem(VOTER);
    if (!/^[0-9a-f]{32}$/.test(token || "")) {
      token = random(16);
      localStorage.setItem(VOTER, token);
    }
    return token;
  } catch {
    return (voter.once ||= random(16)); // for as long as the page
  }
}

/** Return an answer without what is shown of it nowhere: it is kept, and handed in with each further question. */
export function slim(answer) {
  const hits = answer.abstained ? answer.hits.slice(0, 5).map((hit) => ({ ...hit, text: [...hit.text.slice(0, 1000)].slice(0, 400).join("") })) : [];
  return { ...answer, hits, removed: [] };
}
