// The questions of the report: filtered, sorted and opened. Texts reach the page as text nodes only; no markup is ever parsed.
(() => {
  "use strict";

  const CITED = 1, GOLD = 2, PER_PAGE = 50;
  const SIGNS = { good: "✓", bad: "✕", neutral: "–" };
  const data = JSON.parse(document.getElementById("data").textContent);
  const several = data.runs.length > 1;
  const at = (id) => document.getElementById(id);
  const controls = { search: at("search"), outcome: at("outcome"), type: at("type"), sort: at("sort"), direction: at("direction") };
  let page = 0, descending = false;

  // --- elements

  const make = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return made;
  };
  const text = (words) => make("bdi", {}, words);
  const block = (words, kind = "") => make("p", { class: `text ${kind}`, dir: "auto" }, words);
  const digits = (value) => {
    const size = Math.abs(value);
    const written = size >= 100 ? Math.round(value).toLocaleString("en") : size >= 10 ? value.toFixed(1) : size >= 0.1 || size === 0 ? value.toFixed(3) : value.toPrecision(3);
    return written.replace(/-/g, "−");
  };
  const badge = (run) => make("span", { class: `badge fill-series-${(run % 6) + 1}` }, data.runs[run][0]);
  const chip = (outcome) => {
    const [name, tone] = data.outcomes[outcome];
    return make("span", { class: `chip ${tone}` }, make("span", { "aria-hidden": "true" }, SIGNS[tone]), text(name));
  };

  // --- which questions, in which order

  const haystacks = data.questions.map(() => null);
  const haystack = (place) => {
    if (haystacks[place] === null) {
      const one = data.questions[place];
      const said = one.results.flatMap((result) => [result.short ?? "", ...(result.sentences ?? []).map((sentence) => sentence[0])]);
      haystacks[place] = [one.id ?? "", one.question ?? "", ...said, ...(one.expected ?? [])].join("\n").toLowerCase();
    }
    return haystacks[place];
  };

  const valueOf = (question, key) => {
    const [kind, run, measure] = key.split(":");
    if (kind === "difference") {
      const [first, second] = [valueOf(question, `value:0:${measure}`), valueOf(question, `value:${run}:${measure}`)];
      return first === null || second === null ? null : second - first;
    }
    const result = question.results[Number(run)];
    if (measure === "confidence") return result.confidence ?? null;
    return result.values?.find((value) => value[0] === Number(measure))?.[1] ?? null;
  };

  const fits = (question, place, words) => {
    const [run, outcome] = controls.outcome.value.split(":");
    if (run === "differs" && question.results.every((result) => result.outcome === question.results[0].outcome)) return false;
    if (outcome !== undefined && question.results[Number(run)].outcome !== Number(outcome)) return false;
    if (controls.type.value !== "" && question.type !== Number(controls.type.value)) return false;
    return words.every((word) => haystack(place).includes(word));
  };

  const chosen = () => {
    const words = controls.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = data.questions.map((question, place) => [question, place]).filter(([question, place]) => fits(question, place, words));
    const key = controls.sort.value, sign = descending ? -1 : 1;
    if (key === "") return sign === 1 ? kept : kept.reverse();
    const keyed = kept.map(([question, place]) => [valueOf(question, key), question, place]);
    // What has no value comes last, whichever end is asked for.
    keyed.sort((one, other) => (one[0] === null) - (other[0] === null) || (one[0] === null ? 0 : sign * (one[0] - other[0])) || one[2] - other[2]);
    return keyed.map(([, question, place]) => [question, place]);
  };

  // --- a question, opened

  const labelled = (label, ...content) => make("div", { class: "field" }, make("h4", {}, label), ...content);

  const known = (question) => {
    const shown = [];
    if (question.history) {
      const turns = question.history.map(([role, words]) => make("li", { class: "turn" }, make("span", { class: "role" }, text(role)), block(words)));
      shown.push(labelled("Before it", make("ol", { class: "history" }, turns)));
    }
    if (question.expected) shown.push(labelled("Expected", make("ul", { class: "expected" }, question.expected.map((one) => make("li", { dir: "auto" }, one)))));
    else if (question.answerable === false) shown.push(labelled("Expected", block("No answer: the articles do not say.")));
    if (question.evidence) shown.push(labelled("Evidence in the set", ...question.evidence.map(evidence)));
    return make("div", { class: "known" }, shown);
  };

  const evidence = (one) => make("figure", { class: "gold" },
    one.quote ? make("blockquote", { dir: "auto" }, one.quote) : null,
    make("figcaption", {}, origin(one), one.note ? make("span", { class: "warning" }, text(one.note)) : null));

  const origin = (one) => [one.title ? make("cite", {}, text(one.title)) : null, one.article ? make("code", {}, text(one.article)) : null];

  const cited = (citation, id) => {
    const [before, within, after] = citation.cut;
    const pieces = citation.pieces.map(([words, kind]) => {
      if (kind === 0) return words;
      return make("mark", { class: [kind & CITED ? "cited" : "", kind & GOLD ? "evidence" : ""].join(" ").trim() }, words);
    });
    const where = citation.link
      ? make("a", { href: /^https?:\/\//i.test(citation.link) ? citation.link : null, rel: "noopener noreferrer nofollow", target: "_blank" }, text(citation.url))
      : citation.url ? text(citation.url) : null;
    return make("li", { class: "citation", id, tabindex: "-1" },
      make("p", { class: "origin" }, make("span", { class: "number" }, String(citation.n)), ...origin(citation), citation.source ? text(citation.source) : null, where),
      citation.note ? make("p", { class: "warning" }, text(citation.note)) : null,
      make("blockquote", { dir: "auto" }, before ? "… " : null, ...pieces, within || after ? " …" : null),
      within ? make("p", { class: "muted" }, "The quote is longer; its end is cut here.")
        : before || after ? make("p", { class: "muted" }, "The passage is longer; 300 characters on each side of the quote are shown.") : null);
  };

  const answer = (result, base) => {
    const numbers = new Set((result.citations ?? []).map((citation) => citation.n));
    const reference = (n) => {
      if (!numbers.has(n)) return make("span", { class: "number" }, String(n));
      const button = make("button", { type: "button", class: "number", "aria-label": `Citation ${n}` }, String(n));
      button.addEventListener("click", () => at(`${base}-${n}`)?.focus());
      return button;
    };
    return result.sentences.map(([words, citations, support]) => make("p", { class: "sentence", dir: "auto" },
      make("span", {}, words), ...citations.flatMap((n) => [" ", reference(n)]),
      support === null ? null : make("span", { class: "support", title: "How well its citations support it, from 0 to 1" }, ` support ${support.toFixed(2)}`)));
  };

  const values = (result) => {
    const rows = result.values.map(([measure, value, note]) => make("tr", {},
      make("th", { scope: "row" }, text(data.measures[measure])),
      make("td", { class: "digits" }, value === null ? "not graded" : digits(value)),
      make("td", { class: "muted" }, note ? text(note) : "")));
    return make("details", { class: "values" }, make("summary", {}, "Measures of this question"), make("table", {}, make("tbody", {}, rows)));
  };

  const outcome = (result, run, place) => {
    const base = `c-${place}-${run}`;
    const sure = result.confidence === undefined ? null : make("span", { class: "muted" }, `confidence ${result.confidence.toFixed(2)}`);
    const said = [
      result.error ? labelled("Error", block(result.error, "error")) : null,
      result.understood ? labelled("Understood as", block(result.understood)) : null,
      result.short ? labelled("Short answer", block(result.short, "short")) : null,
      result.sentences ? labelled("Answer", ...answer(result, base)) : null,
      result.reason ? labelled("Silent because", block(result.reason)) : null,
    ];
    return make("section", { class: "result", "aria-label": `Run ${data.runs[run][0]}` },
      several ? make("h4", { class: "run" }, badge(run), text(data.runs[run][1])) : null,
      make("p", { class: "verdict" }, chip(result.outcome), result.why ? text(result.why) : null, sure),
      make("div", { class: "said" }, said),
      result.citations ? labelled("Citations in their passages", make("ol", { class: "citations" }, result.citations.map((one) => cited(one, `${base}-${one.n}`)))) : null,
      result.values ? values(result) : null);
  };

  const opened = (question, place) => make("div", { class: "opened" }, known(question),
    make("div", { class: several ? "results" : "results alone" }, question.results.map((result, run) => outcome(result, run, place))));

  // --- the table

  const shownKey = () => controls.sort.value || "value:0:confidence";

  const row = ([question, place]) => {
    const first = question.results[0];
    const preview = several ? "" : first.short || first.sentences?.[0]?.[0] || first.error || first.reason || "";
    const detail = make("tr", { class: "detail", role: "row", hidden: true, id: `q-${place}` }, make("td", { colspan: "4", role: "cell" }));
    const button = make("button", { type: "button", class: "open", "aria-expanded": "false", "aria-controls": `q-${place}` },
      make("span", { class: "question", dir: "auto" }, question.question || "(empty question)"));
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      if (open && !detail.firstChild.hasChildNodes()) detail.firstChild.append(opened(question, place));
      button.setAttribute("aria-expanded", String(open));
      detail.hidden = !open;
      head.classList.toggle("is-open", open);
    });
    const value = valueOf(question, shownKey());
    const head = make("tr", { class: "head", role: "row" },
      make("th", { scope: "row", role: "rowheader" }, button,
        make("span", { class: "under" }, make("code", {}, text(question.id ?? "")), preview ? make("span", { class: "preview" }, text(preview)) : null)),
      make("td", { class: "type", role: "cell" }, text(data.types[question.type])),
      make("td", { class: "became", role: "cell" }, question.results.map((result, run) => make("div", {}, several ? badge(run) : null, chip(result.outcome)))),
      make("td", { class: "digits", role: "cell" }, make("span", { class: "column" }, `${columnName()} `), value === null ? "–" : digits(value)));
    return [head, detail];
  };

  const columnName = () => (controls.sort.value === "" ? `Confidence${several ? " · A" : ""}` : controls.sort.selectedOptions[0].textContent);

  const show = () => {
    const kept = chosen(), pages = Math.max(1, Math.ceil(kept.length / PER_PAGE));
    page = Math.min(page, pages - 1);
    const heads = ["Question", "Type", several ? "Outcomes" : "Outcome", columnName()];
    const table = make("table", { class: "questions", role: "table" },
      make("caption", { class: "unseen" }, "Questions; each opens to what was asked, answered and cited"),
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, heads.map((one) => make("th", { scope: "col", role: "columnheader" }, one)))),
      make("tbody", { role: "rowgroup" }, kept.slice(page * PER_PAGE, (page + 1) * PER_PAGE).flatMap(row)));
    at("rows").replaceChildren(kept.length ? table : make("p", { class: "nothing" }, "No question fits."));
    const range = kept.length ? `${(page * PER_PAGE + 1).toLocaleString("en")}–${Math.min(kept.length, (page + 1) * PER_PAGE).toLocaleString("en")} of ` : "";
    at("found").textContent = `${range}${kept.length.toLocaleString("en")} questions`;
    turn(pages);
  };

  const turn = (pages) => {
    const step = (label, target) => {
      const button = make("button", { type: "button", disabled: target < 0 || target >= pages }, label);
      button.addEventListener("click", () => {
        page = target;
        show();
        at("found").scrollIntoView({ block: "start" });
        (at("pages").querySelector(label === "Next" ? "button:last-child:enabled" : "button:enabled") ?? at("search")).focus({ preventScroll: true });
      });
      return button;
    };
    at("pages").hidden = pages < 2;
    at("pages").replaceChildren(step("Previous", page - 1), make("span", {}, `Page ${page + 1} of ${pages}`), step("Next", page + 1));
  };

  // --- controls

  const option = (value, label) => make("option", { value }, label);
  const grouped = (label, options) => make("optgroup", { label }, options);
  const runName = (run) => (several ? `${data.runs[run][0]}: ${data.runs[run][1]}` : "Outcome");

  const measureOptions = (kind, run) => {
    const suffix = several ? ` · ${kind === "difference" ? `${data.runs[run][0]} − ${data.runs[0][0]}` : data.runs[run][0]}` : "";
    return [["confidence", "Confidence"], ...data.measures.map((name, place) => [place, name])].map(([key, name]) => option(`${kind}:${run}:${key}`, `${name}${suffix}`));
  };

  const fill = () => {
    const outcomes = data.runs.map((_, run) => {
      const counts = data.outcomes.map((_, n) => data.questions.filter((question) => question.results[run].outcome === n).length);
      return grouped(runName(run), data.outcomes.map(([name], n) => option(`${run}:${n}`, `${name} (${counts[n]})`)).filter((_, n) => counts[n]));
    });
    controls.outcome.append(option("", "all"), ...(several ? [option("differs", "where the runs differ")] : []), ...outcomes);
    controls.type.append(option("", "all"), ...data.types.map((name, place) => option(String(place), name || "(none)")));
    controls.sort.append(option("", "order of the set"));
    data.runs.forEach((_, run) => controls.sort.append(several ? grouped(runName(run), measureOptions("value", run)) : grouped("Measures", measureOptions("value", run))));
    data.runs.slice(1).forEach((_, before) => controls.sort.append(grouped(`${data.runs[before + 1][0]} minus ${data.runs[0][0]}`, measureOptions("difference", before + 1))));
  };

  const restart = () => {
    page = 0;
    show();
  };

  const listen = () => {
    for (const control of [controls.search, controls.outcome, controls.type, controls.sort]) control.addEventListener("input", restart);
    controls.direction.addEventListener("click", () => {
      descending = !descending;
      controls.direction.textContent = descending ? "Descending" : "Ascending";
      restart();
    });
    for (const anchor of document.querySelectorAll("a[data-outcome]")) {
      anchor.addEventListener("click", () => {
        controls.outcome.value = anchor.dataset.outcome;
        restart();
      });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
      event.preventDefault();
      controls.search.focus();
    });
  };

  const theme = () => {
    const button = at("theme"), themes = ["system", "light", "dark"];
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = themes[(themes.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % themes.length];
      document.documentElement.dataset.theme = next;
      button.textContent = `Theme: ${next}`;
    });
  };

  theme();
  fill();
  listen();
  document.querySelector(".controls").hidden = false;
  show();
})();
