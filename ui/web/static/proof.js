// The proof of a sentence at its number: quote, title, source and date, where a pointer or the keyboard rests on a citation.

import { make, origin } from "./text.js";

let box = null;
let owner = null;
let coming = null;
let going = null;

function raise() {
  box = make("div", { id: "proof", role: "tooltip", hidden: true });
  box.addEventListener("pointerenter", () => clearTimeout(going));
  box.addEventListener("pointerleave", () => later(lower, 150));
  document.body.append(box);
}

function later(act, milliseconds) {
  clearTimeout(going);
  going = setTimeout(act, milliseconds);
}

/** Show the proof of a citation beside its chip. */
export function show(chip, citation) {
  if (!box) raise();
  clearTimeout(going);
  if (owner === chip && !box.hidden) return;
  lower();
  owner = chip;
  const where = [origin(citation), citation.page ? `page ${citation.page}` : ""].filter(Boolean).join(", ");
  const also = citation.also_in?.length ? make("span", { class: "also" }, `Also in ${citation.also_in.length} more`) : null;
  box.replaceChildren(
    make("span", { class: "quote" }, `“${shortened(citation.quote)}”`),
    make("span", { class: "title" }, citation.title),
    make("span", { class: "facts" }, where || "source not named"),
    ...(also ? [also] : []),
  );
  box.hidden = false;
  chip.setAttribute("aria-describedby", "proof");
  place(chip);
}

function shortened(quote) {
  const words = quote.replace(/\s+/g, " ").trim();
  return words.length > 600 ? `${words.slice(0, words.lastIndexOf(" ", 600))} …` : words;
}

/** Put the box below its chip, or above where there is more room, and never over it, however much it says. */
function place(chip) {
  box.style.maxHeight = "";
  const at = chip.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left - 16, innerWidth - size.width - 8));
  const [above, below] = [at.top - 14, innerHeight - at.bottom - 14];
  const under = size.height <= below || below >= above;
  const height = Math.min(size.height, Math.max(48, under ? below : above));
  box.style.left = `${left}px`;
  box.style.top = `${under ? at.bottom + 6 : at.top - height - 6}px`;
  box.style.maxHeight = `${height}px`;
}

/** Stay beside the chip while the page moves (focus itself may move it); go when the chip goes out of sight. */
function keep(event) {
  if (!owner || box.hidden || !event.target.contains(owner)) return;
  const at = owner.getBoundingClientRect();
  const within = event.target.getBoundingClientRect?.() ?? { top: 0, bottom: innerHeight };
  const seen = owner.isConnected && at.bottom > Math.max(0, within.top) && at.top < Math.min(innerHeight, within.bottom);
  if (seen) place(owner);
  else lower();
}

/** Take the proof away. */
export function lower() {
  clearTimeout(coming);
  clearTimeout(going);
  owner?.removeAttribute("aria-describedby");
  owner = null;
  if (box) box.hidden = true;
}

/** Follow pointer and focus; `citation_of(chip)` gives, or promises, what is cited. */
export function follow(citation_of) {
  const begin = (chip, wait) => {
    clearTimeout(coming);
    coming = setTimeout(async () => {
      const citation = await citation_of(chip);
      if (citation && chip.isConnected && (chip.matches(":hover") || chip === document.activeElement)) show(chip, citation);
    }, wait);
  };
  document.addEventListener("pointerover", (event) => {
    const chip = event.pointerType === "touch" ? null : event.target.closest?.("a.chip");
    if (chip) begin(chip, owner === chip ? 0 : 90);
  });
  document.addEventListener("pointerout", (event) => {
    if (!event.target.closest?.("a.chip")) return;
    clearTimeout(coming);
    if (owner && owner !== document.activeElement) later(lower, 200);
  });
  document.addEventListener("focusin", (event) => {
    const chip = event.target.closest?.("a.chip");
    if (chip && chip.matches(":focus-visible")) begin(chip, 0);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.closest?.("a.chip") && !box?.matches(":hover")) lower();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && box && !box.hidden) {
      lower();
      event.stopPropagation();
    }
  }, true);
  addEventListener("scroll", keep, true);
}
