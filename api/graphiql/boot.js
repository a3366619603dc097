"use strict";

// Starts GraphiQL against /graphql of this host, as whoever signed in (signin.js), or with a token that was pasted.

const demo = readDemo();
const people = demo.people || [];
const form = document.getElementById("caller");
const picker = document.getElementById("person");
const box = document.getElementById("token");
const state = document.getElementById("state");
const root = ReactDOM.createRoot(document.getElementById("graphiql"));
let pasted = "";

function readDemo() {
  try {
    return JSON.parse(document.getElementById("demo").textContent) || {};
  } catch {
    return {};
  }
}

async function ask(params, options) {
  const headers = {
    accept: "application/graphql-response+json, application/json",
    "content-type": "application/json",
  };
  const token = pasted || (await SIGN_IN.token());
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

function draw(told) {
  const person = pasted ? null : people.find((each) => each.user === SIGN_IN.user());
  picker.value = person ? person.user : "";
  state.textContent = told || (pasted ? "your own token" : person ? `signed in · ${person.role} · ${person.org}` : "nobody has signed in");
  // A new key starts GraphiQL afresh, so it asks for the schema again as the new caller; its tabs are kept by itself.
  root.render(React.createElement(GraphiQL, {
    key: pasted || SIGN_IN.user(),
    fetcher: ask,
    defaultQuery: (demo.queries || [])[0],
    defaultTabs: demo.queries && demo.queries.map((query) => ({ query })),
    defaultEditorToolsVisibility: "headers",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }));
}

function listPeople() {
  if (people.length === 0) return;
  picker.add(new Option("nobody", ""));
  for (const person of people) picker.add(new Option(`${person.name}, ${person.role}, ${person.org}`, person.user));
  picker.hidden = document.getElementById("person-label").hidden = false;
  picker.addEventListener("change", () => signIn(picker.value) || signOut());
}

function signIn(user) {
  const person = people.find((each) => each.user === user);
  if (person) SIGN_IN.begin(person);
  return Boolean(person);
}

async function signOut() {
  await SIGN_IN.end();
  draw();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  pasted = box.value.trim().replace(/^Bearer\s+/i, "");
  draw();
});

async function start() {
  listPeople();
  if (signIn(new URLSearchParams(location.search).get("as"))) return;
  draw(await SIGN_IN.comeBack(demo.issuer));
}

start();
