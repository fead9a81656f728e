// What can be done with an answer: copy it with its footnotes, link to it, judge and correct it, ask again.

import { voter } from "./store.js";
import { button, copied, followed, make, origin, sent, tell } from "./text.js";

/** Return an answer as plain text: sentences with their numbers, what stays open, and the quotes that prove them. */
export function footnoted(answer) {
  const open = answer.parts.filter((part) => !part.answered).map((part) => `Not answered: ${part.question}`);
  if (answer.abstained) return ["The articles do not say.", ...answer.notes, ...open].join("\n\n");
  const notes = answer.citations.map((one) => {
    const where = [one.title, origin(one), one.page ? `page ${one.page}` : "", address(one)].filter(Boolean).join(", ");
    return `[${one.n}] “${one.quote.replace(/\s+/g, " ").trim()}” — ${where}`;
  });
  return [answer.sentences.map(numbered).join(" "), ...answer.notes, ...open, notes.join("\n")].filter(Boolean).join("\n\n");
}

/** Return a sentence with the numbers of what proves it, and the doubt about it in the words that the page shows. */
function numbered({ text, citations, verdict, doubt }) {
  const marks = citations.map((n) => ` [${n}]`).join("");
  if (verdict === "supported" && !doubt) return text + marks;
  const word = verdict === "unsupported" ? "Not supported" : "Weakly supported";
  return `${text}${marks} (${doubt ? `${word}: ${doubt}` : word})`;
}

/** Return where a citation can be read: at the address stored with the article, else at its characters in this page. */
function address({ url, article_id, start, end }) {
  return url && followed(url) ? url : `${location.origin}${location.pathname}?article=${encodeURIComponent(article_id)}&span=${start}:${end}`;
}

/** Fill the place below an answer with its tools; `turn` is what is kept of it, `keep` keeps it, `again(understood)` asks once more. */
export function equip(place, turn, keep, again) {
  const votes = ["up", "down"].map((vote) => voting(vote, turn, keep));
  const correct = button("Correct", () => correcting(place, turn, keep, correct), { icon: "edit", "aria-expanded": "false" });
  place.replaceChildren(
    button("Copy", () => copied(footnoted(turn.answer)).then(() => tell("Copied with its footnotes.")), { icon: "copy" }),
    button("Link", () => share(turn), { icon: "link", "aria-label": "Copy a link to this answer" }),
    button("Ask again", () => again(null), { icon: "again" }),
    make("span", { class: "votes", role: "group", "aria-label": "Was this answer good?" }, ...votes.map(({ made }) => made)),
    correct,
  );
  const refresh = () => votes.forEach(({ show }) => show());
  place.addEventListener("voted", refresh);
  refresh();
  if (turn.corrected) place.append(thanks(place, turn, keep));
}

function voting(vote, turn, keep) {
  const label = vote === "up" ? "A good answer" : "Not a good answer";
  const act = async () => {
    const before = turn.vote ?? null;
    turn.vote = before === vote ? null : vote;
    made.dispatchEvent(new Event("voted", { bubbles: true }));
    try {
      await judged(turn, turn.corrected ?? null);
      keep();
      tell(turn.vote ? "Thank you. Choose it again to take it back." : "Taken back.");
    } catch (error) {
      turn.vote = before;
      made.dispatchEvent(new Event("voted", { bubbles: true }));
      tell(said(error));
    }
  };
  const made = button(label, act, { icon: vote, words: false });
  return { made, show: () => made.setAttribute("aria-pressed", String(turn.vote === vote)) };
}

/** Send what is said of an answer, all of it: what is not said is taken back. A server that has forgotten the answer is handed it. */
async function judged(turn, correction) {
  const said = { key: turn.key, vote: turn.vote ?? null, correction, voter: voter() };
  try {
    return await sent("/api/v1/feedback", said);
  } catch (error) {
    if (error.status !== 404) throw error;
    return sent("/api/v1/feedback", { ...said, answer: { ...turn.answer, hits: [], removed: [] } });
  }
}

const said = (error) => (error.status === 422 ? "The articles have changed since this answer. Ask again, then judge the new one." : error.message);

async function share(turn) {
  try {
    await sent(`/api/v1/answers/${encodeURIComponent(turn.key)}/share`, {});
    await copied(`${location.origin}${location.pathname}?answer=${encodeURIComponent(turn.key)}`);
    tell("Link copied. Whoever has it can read this answer.");
  } catch (error) {
    tell(error.status === 404 ? "This answer is older than the server remembers. Ask again, then share the new one." : error.message);
  }
}

function correcting(place, turn, keep, opener) {
  const open = place.querySelector("form");
  if (open) return close();
  const box = make("textarea", { rows: "3", maxlength: "10000", id: `correct-${turn.key}` });
  box.value = turn.corrected || "";
  const form = make(
    "form",
    { class: "correction" },
    make("label", { for: `correct-${turn.key}` }, "What should the answer say?"),
    box,
    make("div", { class: "row" }, make("button", { type: "submit", class: "act main" }, "Send"), button("Cancel", close)),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!box.value.trim()) return box.focus();
    try {
      await judged(turn, box.value.trim());
      turn.corrected = box.value.trim();
      keep();
      close();
      place.querySelector(".thanks")?.remove();
      place.append(thanks(place, turn, keep));
      tell("Thank you. The correction is kept with the library.");
    } catch (error) {
      tell(said(error));
    }
  });
  function close() {
    place.querySelector("form")?.remove();
    opener.setAttribute("aria-expanded", "false");
    opener.focus();
  }
  opener.setAttribute("aria-expanded", "true");
  place.append(form);
  box.focus();
  return undefined;
}

function thanks(place, turn, keep) {
  const undo = button("Take it back", async () => {
    try {
      await judged(turn, null);
      delete turn.corrected;
      keep();
      place.querySelector(".thanks")?.remove();
      tell("The correction is taken back.");
    } catch (error) {
      tell(said(error));
    }
  });
  return make("p", { class: "thanks" }, make("span", {}, "Your correction is kept: "), make("q", {}, turn.corrected), undo);
}

/** Let the question be written anew in its place: as it was asked, or as it was understood. */
export function rewriting(place, label, words, ask) {
  if (place.parentElement.querySelector("form.rewriting")) return;
  const box = make("textarea", { rows: "2", maxlength: "10000", "aria-label": label });
  box.value = words;
  const shut = () => {
    form.remove();
    place.hidden = false;
  };
  const form = make("form", { class: "rewriting" }, box, make("div", { class: "row" }, make("button", { type: "submit", class: "act main" }, "Ask"), button("Cancel", shut)));
  const go = (event) => {
    event.preventDefault();
    if (box.value.trim()) {
      shut();
      ask(box.value.trim());
    }
  };
  form.addEventListener("submit", go);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) go(event);
    if (event.key === "Escape") shut();
  });
  place.hidden = true;
  place.after(form);
  box.focus();
}
