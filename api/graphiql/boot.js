"use strict";

// Starts GraphiQL against /graphql of this host. The bearer token comes, in this order, from `#token=` in the address,
// from this tab (sessionStorage), from this browser (localStorage), or from the first of the page's demo people.

const KEY = "contract-graph:token";
const demo = readDemo();
const people = demo.people || [];
const form = document.getElementById("caller");
const picker = document.getElementById("person");
const box = document.getElementById("token");
const state = document.getElementById("state");
const root = ReactDOM.createRoot(document.getElementById("graphiql"));
let token = firstToken();

function readDemo() {
  try {
    return JSON.parse(document.getElementById("demo").textContent) || {};
  } catch {
    return {};
  }
}

function firstToken() {
  const fragment = new URLSearchParams(location.hash.slice(1)).get("token");
  // A token does not stay in the address, from where it would be bookmarked and shared.
  if (fragment) history.replaceState(null, "", location.pathname + location.search);
  const kept = fragment || read("sessionStorage") || read("localStorage");
  return kept || (people.length > 0 ? people[0].token : "");
}

// A browser that blocks storage throws on the mere mention of it.
function read(store) {
  try {
    return window[store].getItem(KEY);
  } catch {
    return null;
  }
}

function keep(value) {
  try {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Then the token lives as long as the page.
  }
}

async function ask(params, options) {
  const headers = {
    accept: "application/graphql-response+json, application/json",
    "content-type": "application/json",
  };
  if (token) headers.authorization = `Bearer ${token}`;
  for (const [name, value] of Object.entries((options && options.headers) || {})) headers[name.toLowerCase()] = value;
  const response = await fetch("/graphql", {
    method: "POST", headers, body: JSON.stringify(params), credentials: "omit", redirect: "error", cache: "no-store",
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `The server answered ${response.status}: ${text.slice(0, 500)}` }] };
  }
}

function draw() {
  const chosen = people.find((person) => person.token === token);
  picker.value = chosen ? token : "";
  box.value = chosen ? "" : token;
  state.textContent = !token ? "no token: nobody is asking" : chosen ? `${chosen.role} · ${chosen.org}` : "your own token";
  // A new key starts GraphiQL afresh, so it asks for the schema again as the new caller; its tabs are kept by itself.
  root.render(React.createElement(GraphiQL, {
    key: token,
    fetcher: ask,
    defaultQuery: (demo.queries || [])[0],
    defaultTabs: demo.queries && demo.queries.map((query) => ({ query })),
    defaultEditorToolsVisibility: "headers",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }));
}

function use(value) {
  token = value.trim().replace(/^Bearer\s+/i, "");
  keep(token);
  draw();
}

function listPeople() {
  if (people.length === 0) return;
  picker.add(new Option("someone else", ""));
  for (const person of people) picker.add(new Option(`${person.name}, ${person.role}, ${person.org}`, person.token));
  picker.hidden = document.getElementById("person-label").hidden = false;
  picker.addEventListener("change", () => (picker.value ? use(picker.value) : box.focus()));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  use(box.value);
});
listPeople();
keep(token);
draw();
