/* The samples of report.html: filter, sort, page, search, open. Everything above them was drawn before and needs no
 * script.
 *
 * The list is drawn from the index, which is unpacked at the start; texts stay packed in their chunks until a sample is
 * opened or searched (html_data.c has the layout). Model text enters the page through show() alone, as text nodes;
 * characters that a reader could not see become visible marks. The list is that of visible.c. The address holds the
 * state: #model=…&suite=…&outcome=…&q=…&sort=…&sample=… */
"use strict";
(async () => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
  const PAGE = 50, KEPT_CHUNKS = 4;
  const $ = (id) => document.getElementById(id);
  const filters = { model: $("f-model"), suite: $("f-suite"), outcome: $("f-outcome"), q: $("f-q"), differ: $("f-differ") };
  const dialog = $("sample");
  let matches = [], page = 0, opened = -1, searching = 0;

  /* ---- words ---- */

  /* The English text, or the page's language's; {0} … are filled in. */
  function T(text, ...values) {
    return (data.words[text] || text).replace(/\{(\d)\}/g, (_, i) => String(values[i]));
  }

  /* ---- unpacking ---- */

  async function unpack(element) {
    const packed = atob(element.textContent), bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  }

  let index = null;
  try {
    if (typeof DecompressionStream === "undefined")
      throw new Error(T("This browser cannot unpack the texts: it is too old for DecompressionStream."));
    index = await unpack($("index"));
  } catch (e) {
    $("unpacked").textContent = e instanceof TypeError || e instanceof SyntaxError
      ? T("The texts of this page are damaged.") : e.message;
    $("unpacked").hidden = false;
    return;
  }
  const N = data.n, chunks = document.getElementsByClassName("chunk"), starts = [];
  data.chunks.reduce((at, n) => (starts.push(at), at + n), 0);
  const kept = new Map(); /* chunk -> its samples; the last few */

  async function chunk(c) {
    if (!kept.has(c)) {
      kept.set(c, await unpack(chunks[c]));
      if (kept.size > KEPT_CHUNKS) kept.delete(kept.keys().next().value);
    }
    return kept.get(c);
  }

  /* What the index and the chunk hold of sample n, together. */
  async function sample(n) {
    let c = starts.length - 1;
    while (starts[c] > n) c--;
    const s = (await chunk(c))[n - starts[c]];
    return { ...s, m: index.m[n], u: index.u[n], i: index.i[n], e: data.efforts[index.e[n]], k: index.k[n], o: index.o[n] };
  }

  /* ---- text ---- */

  function make(tag, className, parent) {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (parent) parent.append(e);
    return e;
  }

  /* Appends text to an element; hidden characters as <i class="esc">U+202E</i>. */
  function show(parent, text) {
    let from = 0;
    for (const m of text.matchAll(HIDDEN)) {
      if (m.index > from) parent.append(text.slice(from, m.index));
      make("i", "esc", parent).textContent = "U+" + m[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      from = m.index + m[0].length;
    }
    if (from < text.length) parent.append(text.slice(from));
    return parent;
  }

  /* ---- what a sample is ---- */

  const model = (n) => data.models[index.m[n]], suite = (n) => data.suites[index.u[n]];
  const question = (n) => [index.u[n], index.i[n], index.e[n], index.k[n]].join("\u001f");
  let all_twins = null; /* question -> samples, made when first asked for */
  function twins(n) {
    if (!all_twins) {
      all_twins = new Map();
      for (let i = 0; i < N; i++) {
        const q = question(i), list = all_twins.get(q);
        if (list) list.push(i);
        else all_twins.set(q, [i]);
      }
    }
    return all_twins.get(question(n));
  }
  const differs = (n) => twins(n).some((t) => index.x[t] !== index.x[n]);

  function haystack(s) {
    const parts = [s.g, s.ta, s.an, s.co, s.fi, s.er];
    if (typeof s.pr === "string") parts.push(s.pr);
    else if (s.pr) for (const m of s.pr) parts.push(String(m.content));
    for (const c of s.s) parts.push(c.a, c.l, c.r);
    return parts.filter(Boolean).join("\n").toLowerCase();
  }

  /* ---- address and filters ---- */

  function state() { return new URLSearchParams(location.hash.slice(1)); }

  function read_filters() {
    const p = state(), by = p.get("sort") || "";
    sorted.down = by.startsWith("-");
    sorted.key = by.replace("-", "");
    for (const [name, e] of Object.entries(filters)) {
      if (!e) continue;
      if (e.type === "checkbox") e.checked = p.has(name);
      else e.value = p.get(name) || "";
      if (e.tagName === "SELECT" && e.selectedIndex < 0) e.value = "";
    }
  }

  function filter_params() {
    const p = new URLSearchParams();
    for (const [name, e] of Object.entries(filters)) {
      if (!e) continue;
      if (e.type === "checkbox" ? e.checked : e.value) p.set(name, e.type === "checkbox" ? "1" : e.value);
    }
    return p;
  }

  /* An id may hold the separator: everything between suite and effort is the id. */
  const name = (n) => [model(n), suite(n).name, index.i[n], data.efforts[index.e[n]], index.k[n]].join("|");

  function address(n) { /* of a sample under the present filters */
    const p = filter_params();
    if (sorted.key) p.set("sort", (sorted.down ? "-" : "") + sorted.key);
    if (n >= 0) p.set("sample", name(n));
    return "#" + p.toString();
  }

  function sample_of_address() {
    const at = state().get("sample");
    if (!at) return -1;
    const parts = at.split("|");
    if (parts.length < 5) return -1;
    const k = Number(parts.pop()), e = data.efforts.indexOf(parts.pop()), id = parts.slice(2).join("|");
    for (let n = 0; n < N; n++)
      if (index.i[n] === id && index.k[n] === k && index.e[n] === e && model(n) === parts[0] && suite(n).name === parts[1]) return n;
    return -1;
  }

  /* ---- selecting ---- */

  const sorted = { key: "", down: false };
  const KEYS = {
    outcome: (n) => index.o[n], sample: (n) => index.i[n], model: (n) => index.m[n], suite: (n) => index.u[n],
    tokens: (n) => index.t[n],
  };

  function sort_matches() {
    const key = KEYS[sorted.key], sign = sorted.down ? -1 : 1;
    if (!key) return;
    matches.sort((x, y) => {
      const a = key(x), b = key(y);
      return a < b ? -sign : a > b ? sign : x - y;
    });
  }

  /* All filters but the search for a text. */
  function candidates(p) {
    const out = [], m = data.models.indexOf(p.get("model")), o = data.outcomes.indexOf(p.get("outcome"));
    const u = data.suites.findIndex((x) => x.name === p.get("suite"));
    for (let n = 0; n < N; n++) {
      if (p.has("model") && index.m[n] !== m) continue;
      if (p.has("suite") && index.u[n] !== u) continue;
      if (p.has("outcome") && index.o[n] !== o) continue;
      if (p.has("differ") && !differs(n)) continue;
      out.push(n);
    }
    return out;
  }

  /* Goes through the texts chunk by chunk, and draws what it has found so far; a newer search ends it. */
  async function search(list, words) {
    const turn = ++searching, found = [];
    let drawn = performance.now(), c = -1, texts = null;
    for (let i = 0; i < list.length; i++) {
      const n = list[i];
      while (c < 0 || (c + 1 < starts.length && starts[c + 1] <= n)) c++, texts = null;
      if (!texts) {
        texts = kept.get(c) || await unpack(chunks[c]);
        if (turn !== searching) return;
        if (performance.now() - drawn > 250) {
          drawn = performance.now();
          matches = found.slice();
          sort_matches();
          draw_table(T("Searching: {0} % of the texts, {1} found so far.", Math.floor(100 * c / starts.length), found.length));
        }
      }
      if (index.i[n].toLowerCase().includes(words) || haystack(texts[n - starts[c]]).includes(words)) found.push(n);
    }
    matches = found;
    sort_matches();
    draw_table();
  }

  /* ---- table ---- */

  function badge(parent, outcome) {
    const b = make("span", "badge oc" + outcome, parent);
    b.textContent = data.outcome_words[outcome];
  }

  function draw_row(n) {
    const tr = make("tr");
    badge(make("td", "", tr), index.o[n]);
    const a = show(make("a", "", make("td", "", tr)), index.i[n]);
    a.href = address(n);
    show(make("td", "", tr), model(n));
    show(make("td", "wide", tr), suite(n).title);
    if (index.z[n]) make("i", "nil", make("td", "", tr)).textContent = T("sealed");
    else show(make("td", "", tr), index.a[n] || "");
    show(make("td", "wide", tr), index.ta[n] || "");
    make("td", "num wide", tr).textContent = index.t[n];
    tr.addEventListener("click", (e) => { if (e.target.tagName !== "A") location.hash = address(n); });
    return tr;
  }

  function draw_heads() {
    for (const b of document.querySelectorAll("#samples button.sort"))
      b.parentElement.setAttribute("aria-sort",
        b.dataset.key !== sorted.key ? "none" : sorted.down ? "descending" : "ascending");
  }

  function draw_table(progress) {
    const last = Math.max(0, Math.ceil(matches.length / PAGE) - 1), from = (page = Math.min(page, last)) * PAGE;
    $("rows").replaceChildren(...matches.slice(from, from + PAGE).map(draw_row));
    $("found").textContent = progress || (matches.length === 0 ? T("No sample fits these filters.") :
      T("{0}–{1} of {2} samples", from + 1, Math.min(from + PAGE, matches.length), matches.length));
    $("back").disabled = page === 0;
    $("more").disabled = page === last;
  }

  /* Resolves when the whole list is there. */
  let selected = "";
  async function refresh() {
    const p = filter_params(), words = (p.get("q") || "").toLowerCase(), now = p.toString() + (sorted.down ? "-" : "+") + sorted.key;
    if (now === selected) return;
    selected = now;
    searching++;
    page = 0;
    draw_heads();
    if (words) {
      await search(candidates(p), words);
    } else {
      matches = candidates(p);
      sort_matches();
      draw_table();
    }
  }

  /* ---- one sample ---- */

  function fact(dl, name, text) {
    if (text === null || text === undefined || text === "") return;
    make("dt", "", dl).textContent = name;
    show(make("dd", "", dl), String(text));
  }

  function block(parent, title, text, span) {
    if (text === null || text === undefined) return;
    make("h3", "", parent).textContent = title;
    const pre = make("pre", "", parent);
    pre.tabIndex = 0;
    if (text === "") make("i", "nil", pre).textContent = T("empty");
    if (!span) { show(pre, text); return; }
    show(pre, text.slice(0, span[0]));
    show(make("mark", "", pre), text.slice(span[0], span[1]));
    show(pre, text.slice(span[1]));
  }

  function draw_scores(parent, s) {
    for (const c of s.s) {
      const dl = make("dl", "facts", parent);
      make("dt", "", dl).textContent = T("Scorer");
      show(make("dd", "", dl), T("{0} (version {1})", c.n, c.v));
      make("dt", "", dl).textContent = T("Outcome");
      const dd = make("dd", "", dl);
      badge(dd, data.outcomes.indexOf(c.o));
      dd.append(", " + (c.x !== null ? T("score {0}", c.x) : c.st === "error" ? T("scorer error") : T("no score")));
      fact(dl, T("Label"), c.l);
      fact(dl, T("Rule"), c.r);
      fact(dl, T("Answer read"), c.a);
      fact(dl, T("Accepted"), s.ta);
      fact(dl, T("Why"), c.w);
    }
    if (s.s.length === 0) make("p", "note", parent).textContent = T("This answer has no score.");
  }

  function draw_prompt(parent, s) {
    if (!s.pr) return;
    make("h3", "", parent).textContent = T("Prompt");
    const messages = typeof s.pr === "string" ? [{ role: T("as stored"), content: s.pr }] : s.pr;
    for (const m of messages) {
      show(make("div", "role", parent), String(m.role));
      const pre = make("pre", "", parent);
      pre.tabIndex = 0;
      show(pre, typeof m.content === "string" ? m.content : JSON.stringify(m.content, null, 1));
    }
  }

  function draw_final(parent, s) {
    const ruled = s.s.find((c) => c.p);
    const tokens = s.t[1] - s.t[2];
    block(parent, tokens > 0 && !s.tn ? T("Final answer ({0} tokens)", tokens) : T("Final answer"), s.fi ?? null,
      ruled && s.fi ? ruled.p : null);
    if (s.fi === null) make("p", "note", parent).textContent = T("There is no final answer.");
    if (ruled && s.fi)
      show(make("p", "note", parent), ruled.r ? T("Marked: what the rule “{0}” of the scorer matched.", ruled.r)
        : T("Marked: what the scorer matched."));
  }

  function draw_channels(parent, s) {
    if (s.an) {
      const d = make("details", "", parent), pre = make("pre");
      make("summary", "", d).textContent = T("Analysis ({0} tokens)", s.t[2]);
      pre.tabIndex = 0;
      d.append(show(pre, s.an));
    }
    if (s.co) block(parent, T("Commentary"), s.co);
    draw_final(parent, s);
  }

  /* What the model thought beside its call: harmony's call to python stands on the same channel. */
  function without_call(text, call) {
    if (!text || !call || !text.endsWith(call)) return text;
    return text.slice(0, text.length - call.length).trimEnd();
  }

  /* Of a sample, or of one of its turns. */
  function draw_trouble(parent, s) {
    show(make("p", "trouble", parent), T(s.st === "length" ? "Cut off: {0}" : "Failed: {0}", s.er));
  }

  function draw_turn(parent, t, n, count) {
    const box = make("section", "turn", parent);
    make("h4", "", box).textContent = T("Turn {0} of {1} · {2} tokens", n + 1, count, t.t[1]);
    const said = (title, text) => {
      if (text === null || text === undefined || text === "") return;
      show(make("div", "role", box), title);
      const pre = make("pre", "", box);
      pre.tabIndex = 0;
      show(pre, text);
    };
    said(T("Analysis"), without_call(t.an, t.ar));
    said(T("Commentary"), without_call(t.co, t.ar));
    if (t.b !== undefined) {
      said(t.to ? T("call of {0}", t.to) : T("call of no tool"), t.ar || T("(nothing)"));
      if (t.b) make("p", "trouble", box).textContent = T("Not a use of a tool: malformed, unknown, or arguments that do not fit.");
      if (t.aw === undefined) make("p", "note", box).textContent = T("This call was not answered.");
      else said(T("answer of the tool"), t.aw === "" ? T("(nothing)") : t.aw);
    }
    said(T("Final answer"), t.fi);
    said(T("user, after the refusal"), t.fu);
    if (t.mf) show(make("p", "trouble", box), T("Malformed output: {0}", t.mf));
    if (t.er) draw_trouble(box, t);
  }

  function draw_turns(parent, s) {
    make("h3", "", parent).textContent = T("Conversation");
    s.tn.forEach((t, n) => draw_turn(parent, t, n, s.tn.length));
  }

  function draw_twins(parent, n) {
    const others = twins(n).filter((t) => t !== n);
    if (!others.length) return;
    const p = make("div", "twins", parent);
    make("span", "note", p).textContent = T("Same question:");
    for (const t of others) {
      const a = make("a", "", p);
      a.href = address(t);
      show(a, model(t));
      a.append(" ");
      badge(a, index.o[t]);
    }
  }

  async function draw_sample(n) {
    const s = await sample(n), body = $("sample-body");
    if (n !== opened) return; /* the reader went on */
    $("sample-title").replaceChildren();
    show($("sample-title"), s.i);
    body.replaceChildren();
    const about = [model(n), suite(n).title, T("effort {0}", s.e)];
    if (data.repeats) about.push(T("repeat {0}", s.k));
    if (s.g) about.push(s.g);
    show(make("p", "note", body), about.join(" · "));
    draw_twins(body, n);
    draw_scores(body, s);
    if (s.mf) show(make("p", "trouble", body), T("Malformed output: {0}", s.mf));
    if (s.er) draw_trouble(body, s);
    else if (s.st === "length") make("p", "trouble", body).textContent = T("Cut off at the token limit.");
    if (s.z) {
      make("p", "trouble", body).textContent = T("The texts of this sample are sealed and are not in this report. Bytes at most: prompt {0}, analysis {1}, final {2}.", ...s.z);
    } else {
      if (s.tn && s.tn.length > 1) {
        draw_final(body, s);
        draw_prompt(body, s);
        draw_turns(body, s);
      } else {
        draw_channels(body, s);
        if (s.tn && s.tc && s.tc[0]) draw_turns(body, s);
        draw_prompt(body, s);
      }
    }
    const dl = make("dl", "facts", body);
    fact(dl, T("Tokens"), T("prompt {0}, answer {1}, of these analysis {2}", ...s.t));
    if (s.tc) fact(dl, T("Calls of tools"), s.tc[1] ? T("{0}, of these {1} no use of a tool", ...s.tc) : s.tc[0]);
    if (s.tu) fact(dl, T("Turns"), s.tu);
    fact(dl, T("Ended"), s.lm ? T("{0} (limit: {1})", s.st, s.lm) : s.st);
    const at = matches.indexOf(n);
    $("previous").disabled = at <= 0;
    $("next").disabled = at < 0 || at === matches.length - 1;
    body.parentElement.scrollTop = 0;
  }

  function go(step) {
    const at = matches.indexOf(opened) + step;
    if (matches.indexOf(opened) >= 0 && at >= 0 && at < matches.length) location.replace(address(matches[at]));
  }

  async function follow() { /* the address changed: by us, by a link, by the reader */
    read_filters();
    opened = sample_of_address();
    const listed = refresh();
    if (opened >= 0) {
      if (!filters.q.value) await listed;
      await draw_sample(opened);
      if (opened >= 0 && !dialog.open) dialog.showModal();
    } else if (dialog.open) {
      dialog.close();
    }
  }

  /* ---- wiring ---- */

  function option(select_element, text, v) {
    const o = make("option", "", select_element);
    o.textContent = text.replace(HIDDEN, "\ufffd");
    o.value = v;
  }
  data.models.forEach((m) => option(filters.model, m, m));
  data.suites.forEach((u) => option(filters.suite, u.title, u.name));
  data.outcomes.forEach((o, n) => option(filters.outcome, data.outcome_words[n], o));
  let pause = 0;
  const changed = () => {
    history.replaceState(null, "", address(-1));
    refresh();
  };
  for (const b of document.querySelectorAll("#samples button.sort"))
    b.addEventListener("click", () => {
      sorted.down = sorted.key === b.dataset.key ? !sorted.down : b.dataset.key === "tokens";
      sorted.key = b.dataset.key;
      changed();
    });
  for (const e of Object.values(filters)) {
    if (!e) continue;
    e.addEventListener(e.type === "search" ? "input" : "change", () => {
      clearTimeout(pause);
      pause = setTimeout(changed, e.type === "search" ? 150 : 0);
    });
  }
  $("clear").addEventListener("click", () => { location.hash = "#samples"; });
  $("back").addEventListener("click", () => { page--; draw_table(); });
  $("more").addEventListener("click", () => { page++; draw_table(); });
  $("previous").addEventListener("click", () => go(-1));
  $("next").addEventListener("click", () => go(1));
  $("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    if (opened < 0) return;
    const n = opened;
    opened = -1;
    history.replaceState(null, "", address(-1));
    for (const a of $("rows").querySelectorAll("a")) if (a.getAttribute("href") === address(n)) a.focus();
  });
  dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
    if (dialog.open && !typing && (e.key === "ArrowLeft" || e.key === "k")) go(-1);
    else if (dialog.open && !typing && (e.key === "ArrowRight" || e.key === "j")) go(1);
    else if (!dialog.open && !typing && e.key === "/") { e.preventDefault(); filters.q.focus(); }
  });
  async function arrive() { /* by a link into the samples, on this page or from outside */
    const filtered = [...state().keys()].some((k) => k in filters);
    await follow();
    if (filtered && opened < 0) $("samples").scrollIntoView();
  }
  window.addEventListener("hashchange", arrive);
  $("tools").hidden = false;
  await arrive();
  document.documentElement.dataset.ready = "1"; /* for tests */
})();
