/* A run that goes on: asks the server every two seconds how far it is, fills in the figures, and goes over to the
 * report when the run is complete. Names enter the page as text nodes alone. */
"use strict";
(() => {
  const $ = (id) => document.getElementById(id), EVERY = 2000;
  const words = $("live").dataset;
  let failures = 0;

  const percent = (x) => (x === null ? "–" : (100 * x).toFixed(1));

  function cell(row, text, number) {
    const td = document.createElement("td");
    if (number) td.className = "num";
    td.textContent = text;
    row.append(td);
  }

  function show(p) {
    const planned = p.planned === null ? "?" : p.planned;
    $("live-count").textContent = words.count.replace("{0}", p.stored).replace("{1}", planned);
    $("live-bar").max = p.planned || 1;
    $("live-bar").value = p.stored;
    $("live-rows").replaceChildren(...p.results.map((r) => {
      const row = document.createElement("tr");
      cell(row, r.model);
      cell(row, r.cell);
      cell(row, r.answers, true);
      cell(row, percent(r.score), true);
      cell(row, r.low === null ? "–" : words.range.replace("{0}", percent(r.low)).replace("{1}", percent(r.high)), true);
      return row;
    }));
  }

  async function ask() {
    try {
      const answer = await fetch("progress.json", { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const p = await answer.json();
      failures = 0;
      show(p);
      $("live-trouble").hidden = true;
      if (p.complete) {
        location.replace("report.html");
        return;
      }
    } catch (e) {
      if (++failures > 2) $("live-trouble").hidden = false;
    }
    setTimeout(ask, EVERY);
  }
  ask();
})();
