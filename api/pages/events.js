"use strict";

// Sends an event when a button is pressed, and shows the contract until it has come to rest.

const POLLS = 12;
const PAUSE = 400;
const FACTS = [
  ["status", "Status", (c) => c.status],
  ["totalValue", "Total value", (c) => money(c.totalValue)],
  ["signedDate", "Signed", (c) => c.signedDate],
  ["expirationDate", "Ends", (c) => c.expirationDate],
  ["amendments", "Amendments", (c) => c.amendments.nodes.map((a) => `${a.number}: ${a.rationale}`).join(", ")],
  ["documents", "Documents", (c) => c.documents.nodes.map((d) => d.title).join(", ")],
];

const said = document.getElementById("said");
let seen = new Set();

function money(value) {
  return value && new Intl.NumberFormat(undefined, { style: "currency", currency: value.currency }).format(value.amount);
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function origin(contract, field) {
  const known = contract.provenance.nodes.find((each) => each.field === field && each.source);
  return known ? `${known.source}, ${new Date(known.claimedAt).toLocaleString()}` : "known before the first event";
}

function show(contract, there) {
  document.getElementById("contract").textContent = `${contract.number}: ${contract.title}, now`;
  document.getElementById("facts").replaceChildren(...FACTS.map(([field, label, read]) => {
    const group = document.createElement("div");
    const value = element("dd", read(contract) || "–");
    value.append(element("small", origin(contract, field)));
    group.append(element("dt", label), value);
    return group;
  }));
  document.getElementById("there").replaceChildren(...Object.entries(there).map(([name, value]) => {
    const group = document.createElement("div");
    group.append(element("dt", name), element("dd", value ?? "–"));
    return group;
  }));
  const writes = contract.salesforce.nodes;
  document.getElementById("refusals").replaceChildren(...writes.flatMap((write) => [
    element("li", `Last write to ${write.object}: ${write.state}${write.reason ? `, ${write.reason}` : ""}`),
    ...write.refusals.nodes.map((each) => element("li", `${each.field} is not written: ${each.reason}`)),
  ]));
  const lines = contract.changes.nodes;
  const key = (line) => [line.field, line.claimedAt, line.decision, line.source].join();
  document.getElementById("lines").replaceChildren(...lines.map((line) => {
    const row = element("tr", "", seen.size && !seen.has(key(line)) ? "fresh" : "");
    const by = line.source || line.claimedBy;
    row.append(...[line.field, line.before ?? "–", line.after ?? "–", by, line.decision, line.reason].map((text) => element("td", text)));
    return row;
  }));
  return new Set(lines.map(key));
}

async function load() {
  const answer = await fetch("/demo/contract");
  const told = await answer.json();
  if (!told.data?.contract) throw new Error(told.errors?.[0]?.message ?? "the contract is not there");
  return show(told.data.contract, told.salesforce);
}

async function send(button) {
  button.disabled = true;
  seen = await load();
  try {
    const answer = await fetch(button.dataset.path, { method: "POST", headers: { "X-Demo": "events" } });
    const told = await answer.json();
    document.getElementById("sent").textContent = JSON.stringify(told.sent, null, 2);
    said.textContent = `${button.textContent}: answered ${told.status}, ${typeof told.answer === "string" ? told.answer : JSON.stringify(told.answer)}`;
    for (let poll = 0; poll < POLLS; poll += 1) {
      await new Promise((rest) => setTimeout(rest, PAUSE));
      const now = await load();
      if (poll > 3 && [...now].some((key) => !seen.has(key))) break;
    }
  } catch (error) {
    said.textContent = `It did not work: ${error.message}`;
  } finally {
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll("button[data-path]")) {
  button.addEventListener("click", () => send(button));
}
load().then((keys) => { seen = keys; }).catch((error) => { said.textContent = `It did not work: ${error.message}`; });
