/* The samples of report.html: filter, page, open. Everything above them was drawn before and needs no script.
 *
 * Model text enters the page through show() alone, as text nodes; characters that a reader could not see become visible
 * marks. The list is that of visible.c. The address holds the state: #model=…&suite=…&outcome=…&q=…&sample=… */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
  const PAGE = 50;
  const $ = (id) => document.getElementById(id);
  const samples = data.samples;
  const filters = { model: $("f-model"), suite: $("f-suite"), outcome: $("f-outcome"), q: $("f-q"), differ: $("f-differ") };
  const dialog = $("sample");
  let matches = [], page = 0, opened = -1;

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

  function line(text, max) { /* one line for a table cell */
    const s = text.replace(/\s+/g, " ").trim();
    return s.length > max ? s.slice(0, max) + "…" : s;
  }

  /* ---- what a sample is ---- */

  const model = (s) => data.models[s.m], suite = (s) => data.suites[s.u];
  const value = (s) => (s.s.length && s.s[0].x !== null ? s.s[0].x : null);
  const key = (s) => [model(s), suite(s).name, s.i, s.e, s.k].join("\u001f");
  const question = (s) => [s.u, s.i, s.e, s.k].join("\u001f");
  const number = new Map(samples.map((s, n) => [key(s), n]));
  const twins = new Map();
  samples.forEach((s, n) => {
    const q = question(s);
    if (!twins.has(q)) twins.set(q, []);
    twins.get(q).push(n);
  });
  const differs = (s) => new Set(twins.get(question(s)).map((n) => value(samples[n]))).size > 1;

  function prompt_text(s) {
    if (!s.pr) return "";
    return typeof s.pr === "string" ? s.pr : s.pr.map((m) => String(m.content)).join("\n");
  }

  function haystack(s) {
    if (s.hay === undefined) {
      const parts = [s.i, s.g, prompt_text(s), s.ta, s.an, s.co, s.fi, s.er];
      for (const c of s.s) parts.push(c.a, c.l, c.r);
      s.hay = parts.filter(Boolean).join("\n").toLowerCase();
    }
    return s.hay;
  }

  /* ---- address and filters ---- */

  function state() { return new URLSearchParams(location.hash.slice(1)); }

  function read_filters() {
    const p = state();
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

  function address(n) { /* of a sample under the present filters */
    const p = filter_params();
    if (n >= 0) p.set("sample", [model(samples[n]), suite(samples[n]).name, samples[n].i, samples[n].e, samples[n].k].join("|"));
    return "#" + p.toString();
  }

  function sample_of_address() {
    const at = state().get("sample");
    if (!at) return -1;
    const parts = at.split("|"); /* an id may hold the separator: everything between suite and effort is the id */
    if (parts.length < 5) return -1;
    const [m, u] = parts, k = parts.pop(), e = parts.pop();
    return number.get([m, u, parts.slice(2).join("|"), e, k].join("\u001f")) ?? -1;
  }

  function select() {
    const p = filter_params(), words = (p.get("q") || "").toLowerCase();
    matches = [];
    samples.forEach((s, n) => {
      if (p.has("model") && model(s) !== p.get("model")) return;
      if (p.has("suite") && suite(s).name !== p.get("suite")) return;
      if (p.has("outcome") && s.o !== p.get("outcome")) return;
      if (p.has("differ") && !differs(s)) return;
      if (words && !haystack(s).includes(words)) return;
      matches.push(n);
    });
  }

  /* ---- table ---- */

  function badge(parent, outcome) {
    const b = make("span", "badge oc" + data.outcomes.indexOf(outcome), parent);
    b.textContent = data.outcome_words[data.outcomes.indexOf(outcome)];
  }

  function draw_row(n) {
    const s = samples[n], tr = make("tr"), first = s.s[0] || {};
    badge(make("td", "", tr), s.o);
    const a = show(make("a", "", make("td", "", tr)), s.i);
    a.href = address(n);
    show(make("td", "", tr), model(s));
    show(make("td", "wide", tr), suite(s).title);
    if (s.z) make("i", "nil", make("td", "", tr)).textContent = "sealed";
    else show(make("td", "", tr), line(first.l || first.a || s.er || s.fi || "", 80));
    show(make("td", "wide", tr), line(s.ta || "", 40));
    make("td", "num wide", tr).textContent = s.t[1];
    tr.addEventListener("click", (e) => { if (e.target.tagName !== "A") location.hash = address(n); });
    return tr;
  }

  function draw_table() {
    const last = Math.max(0, Math.ceil(matches.length / PAGE) - 1), from = (page = Math.min(page, last)) * PAGE;
    $("rows").replaceChildren(...matches.slice(from, from + PAGE).map(draw_row));
    $("found").textContent = matches.length === 0 ? "No sample fits these filters." :
      `${from + 1}–${Math.min(from + PAGE, matches.length)} of ${matches.length} samples`;
    $("back").disabled = page === 0;
    $("more").disabled = page === last;
  }

  function refresh() {
    select();
    draw_table();
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
    if (text === "") make("i", "nil", pre).textContent = "empty";
    if (!span) { show(pre, text); return; }
    show(pre, text.slice(0, span[0]));
    show(make("mark", "", pre), text.slice(span[0], span[1]));
    show(pre, text.slice(span[1]));
  }

  function draw_scores(parent, s) {
    for (const c of s.s) {
      const dl = make("dl", "facts", parent);
      make("dt", "", dl).textContent = "Scorer";
      show(make("dd", "", dl), `${c.n} (version ${c.v})`);
      make("dt", "", dl).textContent = "Outcome";
      const dd = make("dd", "", dl);
      badge(dd, c.o);
      dd.append(c.x === null ? `, ${c.st}` : `, score ${c.x}`);
      fact(dl, "Label", c.l);
      fact(dl, "Rule", c.r);
      fact(dl, "Answer read", c.a);
      fact(dl, "Accepted", s.ta);
      fact(dl, "Why", c.w);
    }
    if (s.s.length === 0) make("p", "note", parent).textContent = "This answer has no score.";
  }

  function draw_prompt(parent, s) {
    if (!s.pr) return;
    make("h3", "", parent).textContent = "Prompt";
    const messages = typeof s.pr === "string" ? [{ role: "as stored", content: s.pr }] : s.pr;
    for (const m of messages) {
      show(make("div", "role", parent), String(m.role));
      const pre = make("pre", "", parent);
      pre.tabIndex = 0;
      show(pre, typeof m.content === "string" ? m.content : JSON.stringify(m.content, null, 1));
    }
  }

  function draw_channels(parent, s) {
    if (s.an) {
      const d = make("details", "", parent), pre = make("pre");
      make("summary", "", d).textContent = `Analysis (${s.t[2]} tokens)`;
      pre.tabIndex = 0;
      d.append(show(pre, s.an));
    }
    if (s.co) block(parent, "Commentary", s.co);
    const ruled = s.s.find((c) => c.p);
    block(parent, "Final answer", s.fi ?? null, ruled && s.fi ? ruled.p : null);
    if (s.fi === null) make("p", "note", parent).textContent = "There is no final answer.";
    if (ruled && s.fi) {
      const p = make("p", "note", parent);
      p.append("Marked: what the rule ");
      show(p, ruled.r ? `“${ruled.r}”` : "of the scorer");
      p.append(" matched.");
    }
  }

  /* What the model thought beside its call: harmony's call to python stands on the same channel. */
  function without_call(text, call) {
    if (!text || !call || !text.endsWith(call)) return text;
    return text.slice(0, text.length - call.length).trimEnd();
  }

  /* Of a sample, or of one of its turns. */
  function draw_trouble(parent, s) {
    show(make("p", "trouble", parent), (s.st === "length" ? "Cut off: " : "Failed: ") + s.er);
  }

  function draw_turn(parent, t, n, count) {
    const box = make("section", "turn", parent);
    make("h4", "", box).textContent = `Turn ${n + 1} of ${count} · ${t.t[1]} tokens`;
    const said = (title, text) => {
      if (text === null || text === undefined || text === "") return;
      show(make("div", "role", box), title);
      const pre = make("pre", "", box);
      pre.tabIndex = 0;
      show(pre, text);
    };
    said("analysis", without_call(t.an, t.ar));
    said("commentary", without_call(t.co, t.ar));
    if (t.b !== undefined) {
      said(`call of ${t.to || "no tool"}`, t.ar || "(nothing)");
      if (t.b) make("p", "trouble", box).textContent = "Not a use of a tool: malformed, unknown, or arguments that do not fit.";
      if (t.aw === undefined) make("p", "note", box).textContent = "This call was not answered.";
      else said("answer of the tool", t.aw === "" ? "(nothing)" : t.aw);
    }
    said("final", t.fi);
    said("user, after the refusal", t.fu);
    if (t.mf) show(make("p", "trouble", box), "Malformed output: " + t.mf);
    if (t.er) draw_trouble(box, t);
  }

  function draw_turns(parent, s) {
    make("h3", "", parent).textContent = "Conversation";
    s.tn.forEach((t, n) => draw_turn(parent, t, n, s.tn.length));
  }

  function draw_twins(parent, s, n) {
    const others = twins.get(question(s)).filter((t) => t !== n);
    if (!others.length) return;
    const p = make("div", "twins", parent);
    make("span", "note", p).textContent = "Same question:";
    for (const t of others) {
      const a = make("a", "", p);
      a.href = address(t);
      show(a, model(samples[t]));
      a.append(" ");
      badge(a, samples[t].o);
    }
  }

  function draw_sample(n) {
    const s = samples[n], body = $("sample-body");
    $("sample-title").replaceChildren();
    show($("sample-title"), s.i);
    body.replaceChildren();
    const about = [model(s), suite(s).title, "effort " + s.e];
    if (data.repeats) about.push("repeat " + s.k);
    if (s.g) about.push(s.g);
    show(make("p", "note", body), about.join(" · "));
    draw_twins(body, s, n);
    draw_scores(body, s);
    if (s.mf) show(make("p", "trouble", body), "Malformed output: " + s.mf);
    if (s.er) draw_trouble(body, s);
    else if (s.st === "length") make("p", "trouble", body).textContent = "Cut off at the token limit.";
    if (s.z) {
      make("p", "trouble", body).textContent = "The texts of this sample are sealed and are not in this report. " +
        `Bytes at most: prompt ${s.z[0]}, analysis ${s.z[1]}, final ${s.z[2]}.`;
    } else {
      if (s.tn && s.tn.length > 1) {
        const ruled = s.s.find((c) => c.p);
        block(body, "Final answer", s.fi ?? null, ruled && s.fi ? ruled.p : null);
        draw_prompt(body, s);
        draw_turns(body, s);
      } else {
        draw_channels(body, s);
        if (s.tn && s.tc && s.tc[0]) draw_turns(body, s);
        draw_prompt(body, s);
      }
    }
    const dl = make("dl", "facts", body);
    fact(dl, "Tokens", `prompt ${s.t[0]}, answer ${s.t[1]}, of these analysis ${s.t[2]}`);
    if (s.tc) fact(dl, "Calls of tools", s.tc[1] ? `${s.tc[0]}, of these ${s.tc[1]} no use of a tool` : s.tc[0]);
    if (s.tu) fact(dl, "Turns", s.tu);
    fact(dl, "Ended", s.lm ? `${s.st} (limit: ${s.lm})` : s.st);
    const at = matches.indexOf(n);
    $("previous").disabled = at <= 0;
    $("next").disabled = at < 0 || at === matches.length - 1;
    body.parentElement.scrollTop = 0;
  }

  function go(step) {
    const at = matches.indexOf(opened) + step;
    if (matches.indexOf(opened) >= 0 && at >= 0 && at < matches.length) location.replace(address(matches[at]));
  }

  function follow() { /* the address changed: by us, by a link, by the reader */
    read_filters();
    refresh();
    opened = sample_of_address();
    if (opened >= 0) {
      draw_sample(opened);
      if (!dialog.open) dialog.showModal();
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
    page = 0;
    history.replaceState(null, "", address(-1));
    refresh();
  };
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
  function arrive() { /* by a link into the samples, on this page or from outside */
    const filtered = [...state().keys()].some((k) => k in filters);
    follow();
    if (filtered && opened < 0) { page = 0; draw_table(); $("samples").scrollIntoView(); }
  }
  window.addEventListener("hashchange", arrive);
  window.addEventListener("beforeprint", () => document.querySelectorAll("main details").forEach((d) => { d.open = true; }));
  $("tools").hidden = false;
  arrive();
})();
