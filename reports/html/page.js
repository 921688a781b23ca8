/* What every page has: tables of the class "sortable" are sorted by their heads, long ones can be filtered; everything
 * unfolds for print. The page is whole without this script. */
"use strict";
(() => {
  const LONG = 15; /* rows from which on a table gets a filter */

  /* "−3.1", "82.4 %", "< 0.0001"; null if there is no number. */
  function number(text) {
    const m = text.replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "").match(/-?\d+(\.\d+)?(e[-+]?\d+)?/);
    return m ? parseFloat(m[0]) : null;
  }

  /* A head that spans rows is repeated in each, so that rows can move. */
  function unspan(body) {
    for (const head of [...body.querySelectorAll("[rowspan]")]) {
      const span = head.rowSpan, place = head.cellIndex;
      let row = head.parentElement;
      head.removeAttribute("rowspan");
      if (head.scope === "rowgroup") head.scope = "row";
      for (let i = 1; i < span; i++) {
        row = row.nextElementSibling;
        row.insertBefore(head.cloneNode(true), row.cells[place] || null);
      }
    }
    for (const row of body.rows) row.classList.remove("first");
  }

  function order(table, head) {
    const body = table.tBodies[0], at = head.cellIndex, before = head.getAttribute("aria-sort");
    unspan(body);
    const rows = [...body.rows].map((row, place) => {
      const text = row.cells[at] ? row.cells[at].textContent.trim() : "";
      return { row, place, text, n: number(text) };
    });
    const numbers = head.classList.contains("num");
    const sign = before === "none" ? (numbers ? -1 : 1) : before === "ascending" ? -1 : 1;
    rows.sort((x, y) => {
      let c = 0;
      if (numbers && (x.n === null || y.n === null)) return (x.n === null) - (y.n === null) || x.place - y.place;
      c = numbers ? x.n - y.n : x.text.localeCompare(y.text);
      return sign * c || x.place - y.place;
    });
    body.append(...rows.map((r) => r.row));
    for (const h of head.parentElement.cells) h.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
  }

  function add_filter(table) {
    const label = document.createElement("label"), input = document.createElement("input");
    label.className = "rows-filter";
    label.textContent = document.body.dataset.filterRows;
    input.type = "search";
    label.append(input);
    table.parentElement.before(label);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase();
      unspan(table.tBodies[0]);
      for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(words);
    });
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    if (table.tBodies[0].rows.length < 2) continue;
    for (const head of table.tHead.rows[0].cells) {
      if (head.tagName !== "TH") continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => order(table, head));
    }
    if (table.tBodies[0].rows.length >= LONG) add_filter(table);
  }
  window.addEventListener("beforeprint", () =>
    document.querySelectorAll("main details").forEach((d) => { d.open = true; }));
})();
