// The conversations of this browser, in its own storage: nobody else has them, and they are there after a restart of either side.

const PLACE = "assay.conversations.1";
const MOST_TALKS = 60;
const MOST_CHARACTERS = 3_500_000; // browsers give five million or so

let kept = read();

function read() {
  try {
    const values = JSON.parse(localStorage.getItem(PLACE) || "{}");
    const talks = Array.isArray(values.talks) ? values.talks.filter((talk) => talk && typeof talk.id === "string" && Array.isArray(talk.turns)) : [];
    return { talks, current: typeof values.current === "string" ? values.current : null };
  } catch {
    return { talks: [], current: null };
  }
}

function write() {
  kept.talks.sort((one, other) => other.changed - one.changed);
  kept.talks = kept.talks.slice(0, MOST_TALKS);
  for (;;) {
    const words = JSON.stringify(kept);
    try {
      if (words.length > MOST_CHARACTERS && kept.talks.length > 1) throw new Error("too much");
      localStorage.setItem(PLACE, words);
      return true;
    } catch {
      if (kept.talks.length <= 1) return false; // no room at all, or no storage: the conversation lives as long as the page
      kept.talks.pop(); // the oldest goes
    }
  }
}

function fresh() {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id, title: "", changed: Date.now(), turns: [], ids: [] };
}

let now = kept.talks.find((talk) => talk.id === kept.current) || fresh();

/** Return the conversation that is held. */
export const talk = () => now;

/** Return all conversations, the latest first. */
export const talks = () => kept.talks;

/** Keep the conversation as it is now; one without a question is not kept. */
export function keep() {
  now.changed = Date.now();
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

/** Name a conversation. */
export function rename(id, title) {
  const found = kept.talks.find((one) => one.id === id);
  if (found && title.trim()) found.title = title.trim().slice(0, 120);
  write();
}

/** Forget a conversation. */
export function forget(id) {
  kept.talks = kept.talks.filter((one) => one.id !== id);
  if (now.id === id) now = fresh();
  kept.current = now.id;
  write();
}

/** Return an answer without what is shown of it nowhere: it is kept, and handed in with each further question. */
export function slim(answer) {
  const hits = answer.abstained ? answer.hits.slice(0, 5).map((hit) => ({ ...hit, text: [...hit.text.slice(0, 1000)].slice(0, 400).join("") })) : [];
  return { ...answer, hits, removed: [] };
}
