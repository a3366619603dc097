"use strict";

// Chooses who looks at which record, and how; the components themselves are in /preview/lwc/main.js.

const demo = JSON.parse(document.getElementById("demo").textContent);
const asked = new URLSearchParams(location.search);
const [person, record, width, density, state, page, place] = [
  "person", "record", "width", "density", "state", "page", "place",
].map((id) => document.getElementById(id));
const PAGES = { renewals: ["Home", "Contracts in notice window", { scope: "all" }], sync: ["App page", "Contract sync health", {}] };
const SCOPE = "graph:read graph:write"; // as the external credential asks for it

window.preview = { token: () => SIGN_IN.token(), user: () => SIGN_IN.user() };
const ready = new Promise((resolve) => addEventListener("preview:ready", resolve, { once: true }));

const whoSignedIn = () => demo.people.find((each) => each.user === SIGN_IN.user());

function group(label, entries) {
  const made = document.createElement("optgroup");
  made.label = label;
  made.append(...entries.map(({ id, name }) => new Option(name, id)));
  return made;
}

function listRecords(org) {
  const { opportunities = [], accounts = [] } = demo.records[org] || {};
  record.replaceChildren(
    group("Opportunities", opportunities), group("Accounts", accounts),
    group("Pages", Object.entries(PAGES).map(([id, [, name]]) => ({ id, name }))),
  );
  const wanted = asked.get("record");
  if (wanted && [...record.options].some((each) => each.value === wanted)) record.value = wanted;
}

function address(more) {
  const chosen = { record: record.value, width: width.value, density: density.value, ...more };
  return `${location.pathname}?${new URLSearchParams(chosen)}`;
}

function showPhone() {
  const frame = document.createElement("iframe");
  frame.title = "The component on a phone";
  frame.src = address({ width: "wide", bare: "1" });
  place.replaceChildren(frame);
}

function draw() {
  const someone = whoSignedIn();
  const own = PAGES[record.value];
  page.className = `page ${width.value}`;
  document.getElementById("kind").textContent = own ? own[0] : record.value.startsWith("001") ? "Account" : "Opportunity";
  document.getElementById("name").textContent = record.selectedOptions[0]?.textContent || "—";
  state.textContent = someone ? `${someone.role} · ${someone.org}` : "nobody has signed in";
  if (!asked.has("bare")) history.replaceState(null, "", address());
  document.getElementById("invitation").hidden = Boolean(someone);
  if (!someone) place.replaceChildren();
  else if (width.value === "phone") showPhone();
  else if (own) window.preview.show(place, record.value, own[2]);
  else window.preview.show(place, "panel", { recordId: record.value, density: density.value });
}

function listPeople() {
  person.add(new Option("nobody", ""));
  for (const each of demo.people) person.add(new Option(`${each.name}, ${each.role}, ${each.org}`, each.user));
  person.value = SIGN_IN.user();
}

person.addEventListener("change", async () => {
  const chosen = demo.people.find((each) => each.user === person.value);
  if (chosen) SIGN_IN.begin(chosen, SCOPE);
  else {
    await SIGN_IN.end();
    draw();
  }
});
for (const each of [record, width, density]) each.addEventListener("change", draw);
document.getElementById("refresh").addEventListener("click", () => dispatchEvent(new Event("lightning__refresh")));
addEventListener("preview:navigate", ({ detail }) => {
  record.value = detail.attributes.recordId;
  draw();
});

async function start() {
  document.body.classList.toggle("bare", asked.has("bare"));
  const wanted = demo.people.find((each) => each.user === asked.get("as"));
  if (wanted) return SIGN_IN.begin(wanted, SCOPE);
  const told = await SIGN_IN.comeBack(demo.issuer);
  listPeople();
  listRecords(whoSignedIn()?.org ?? demo.people[0]?.org);
  for (const each of [width, density]) each.value = asked.get(each.id) || each.value;
  await ready;
  draw();
  if (told) state.textContent = told;
}

start();
