"use strict";
document.documentElement.classList.add("js");
const known = JSON.parse(document.getElementById("parts").textContent);
const table = document.querySelector(".matrix");
const told = document.getElementById("told");
const rows = [...table.querySelectorAll("tr[data-field]")];
const words = { show: "Shown", mask: "Masked", deny: "Denied" };
const [text, entity, role, decision, count, none] =
  ["text", "entity", "role", "decision", "count", "none"].map((id) => document.getElementById(id));

function made(name, content, kind) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  element.append(...[content].flat());
  return element;
}

function tell(cell) {
  const field = cell.parentNode.dataset.field;
  const heading = made("div", [
    made("strong", known.roles[cell.dataset.role]), " and ", made("code", field), ": " + cell.dataset.told,
  ]);
  const lines = cell.dataset.parts.split(" ").map((index) => {
    const [word, where, rule, line, reason] = known.parts[index];
    const place = line ? ` (${known.source}, line ${line})` : ", no line of the policy grants it";
    const because = made("small", reason.split("{field}").join(field));
    return made("li", [words[word] + " " + where + ", by ", made("code", rule), place, document.createElement("br"), because], word);
  });
  document.getElementById("lines").replaceChildren(heading, made("ul", lines));
  told.hidden = false;
}

function fits(row) {
  const asked = text.value.trim().toLowerCase().split(/\s+/);
  const cells = [...row.querySelectorAll("td.cell")];
  let some = !decision.value;
  for (const cell of cells) {
    const counts = role.value === "" || cell.dataset.role === role.value;
    const same = cell.dataset.mark === decision.value && counts;
    some ||= same;
    cell.hidden = !counts;
    cell.classList.toggle("dim", decision.value !== "" && !same);
  }
  const inEntity = !entity.value || row.parentNode.dataset.entity === entity.value;
  return some && inEntity && asked.every((word) => row.dataset.words.includes(word));
}

function filter() {
  let shown = 0;
  told.hidden = true;
  for (const body of table.tBodies) {
    let any = false;
    for (const row of body.querySelectorAll("tr[data-field]")) {
      row.hidden = !fits(row);
      any ||= !row.hidden;
      shown += !row.hidden;
    }
    body.hidden = !any;
  }
  for (const head of table.querySelectorAll("th.role")) {
    head.hidden = role.value !== "" && head.dataset.role !== role.value;
  }
  count.textContent = `${shown} of ${rows.length} fields`;
  none.style.display = shown ? "none" : "block";
  const first = table.querySelector("tr[data-field]:not([hidden]) td.cell:not([hidden])");
  if (first) enter(first);
}

function enter(cell) {
  for (const other of table.querySelectorAll("td.cell[tabindex='0']")) other.tabIndex = -1;
  cell.tabIndex = 0;
}

function step(cell, down, across) {
  const visible = rows.filter((row) => !row.hidden && !row.parentNode.hidden);
  const cells = (row) => [...row.querySelectorAll("td.cell:not([hidden])")];
  const row = visible[visible.indexOf(cell.parentNode) + down];
  return row && cells(row)[cells(cell.parentNode).indexOf(cell) + across];
}

table.addEventListener("mouseover", ({ target }) => { const cell = target.closest("td.cell"); if (cell) tell(cell); });
table.addEventListener("focusin", ({ target }) => { if (target.matches("td.cell")) tell(target); });
table.addEventListener("click", ({ target }) => {
  const cell = target.closest("td.cell");
  if (cell) { enter(cell); cell.focus(); }
});
table.addEventListener("keydown", (event) => {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const to = moves[event.key] && event.target.matches("td.cell") && step(event.target, ...moves[event.key]);
  if (!to) return;
  event.preventDefault();
  enter(to);
  to.focus();
});
document.addEventListener("keydown", ({ key }) => { if (key === "Escape") told.hidden = true; });
document.getElementById("close").addEventListener("click", () => { told.hidden = true; });
document.querySelector("form.filters").addEventListener("input", filter);
document.querySelector("form.filters").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("clear").addEventListener("click", () => {
  for (const control of [text, entity, role, decision]) control.value = "";
  filter();
});
filter();
