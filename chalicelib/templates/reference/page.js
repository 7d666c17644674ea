"use strict";
// Sends what the forms hold to the place this page came from. The session is in a cookie that no script can
// read; the CSRF token lives in this variable only and is asked for again after a reload.
let csrf = "";

const forms = [...document.querySelectorAll("form[data-path]")];
const here = (path) => new URL("." + path, location.href);
const json = (text) => { try { return JSON.parse(text); } catch { return null; } };
const key = () => [...crypto.getRandomValues(new Uint8Array(16))]
  .map((byte) => byte.toString(16).padStart(2, "0")).join("");

function tell(words) {
  document.getElementById("who").textContent = words;
}

async function remember() {
  const answer = await fetch(here("/v1/me"), {credentials: "same-origin"});
  const me = answer.ok ? await answer.json() : null;
  csrf = me?.csrf_token ?? "";
  if (me) spread(forms.filter((form) => "public" in form.dataset), {email: me.email});
  tell(me ? `Logged in as ${me.name} (${me.email}).` : "Not logged in: sign up or log in below.");
}

async function ask(form) {
  const method = form.dataset.method;
  const url = here(form.dataset.path.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(form.elements[name].value.trim())));
  const headers = {};
  for (const input of form.querySelectorAll("input[data-in]")) {
    const value = input.value.trim();
    if (value && input.dataset.in === "query") url.searchParams.set(input.name, value);
    if (value && input.dataset.in === "header") headers[input.name] = value;
  }
  const body = form.elements.body?.value;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && !("public" in form.dataset)) {
    if (!csrf) await remember();
    if (csrf) headers["X-CSRF-Token"] = csrf;
  }
  return fetch(url, {method, headers, body, credentials: "same-origin"});
}

// What the next requests need: ids of what was made, the version to change, the mailbox that signed up.
function carry(form, answer) {
  const {method, path} = form.dataset;
  const made = method === "POST" ? answer?.id : answer?.items?.[0]?.id;
  for (const input of document.querySelectorAll("input[data-parent]")) {
    const fits = input.dataset.parent === path && made;
    if (fits && (method === "POST" || !input.value)) input.value = made;
  }
  const sent = json(form.elements.body?.value ?? "") ?? {};
  const others = forms.filter((one) => one.closest("section") === form.closest("section") && one !== form);
  if ("public" in form.dataset) spread(others, {email: sent.email, password: sent.password});
  if (Number.isInteger(answer?.version)) spread([form, ...others], {version: answer.version});
}

function spread(into, news) {
  for (const {elements: {body}} of into) {
    const next = json(body?.value ?? "");
    const names = Object.keys(news).filter((name) => next && name in next && news[name] !== undefined);
    for (const name of names) next[name] = news[name];
    if (names.length) body.value = JSON.stringify(next, null, 2);
  }
}

function show(form, good, line, text) {
  const status = document.createElement("p");
  status.className = good ? "good" : "bad";
  status.textContent = line;
  const parts = [status];
  if (text) {
    const pre = document.createElement("pre");
    pre.tabIndex = 0;
    pre.textContent = text;
    parts.push(pre);
  }
  form.querySelector(".answer").replaceChildren(...parts);
}

async function send(form) {
  const begun = performance.now();
  const answer = await ask(form);
  const text = await answer.text();
  const took = Math.round(performance.now() - begun);
  const content = json(text);
  const wait = answer.headers.get("Retry-After");
  const line = `${answer.status} ${answer.statusText} in ${took} ms${wait ? `, wait ${wait} s` : ""}`;
  show(form, answer.ok, line, content ? JSON.stringify(content, null, 2) : text);
  if (!answer.ok) return;
  carry(form, content);
  const user = content?.user ?? (content?.csrf_token ? content : null);
  csrf = content?.session?.csrf_token ?? content?.csrf_token ?? csrf;
  if (user) tell(`Logged in as ${user.name} (${user.email}).`);
  if (form.dataset.path === "/v1/logout") {
    csrf = "";
    tell("Logged out.");
  }
}

for (const form of forms) {
  const once = form.elements["Idempotency-Key"];
  if (once) once.value = key();
  // A changed body is another request, so it gets another key; sending the same again repeats it.
  form.elements.body?.addEventListener("input", () => { if (once) once.value = key(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await send(form);
    } catch {
      show(form, false, "No answer: is the front door open?", "");
    }
    button.disabled = false;
    button.focus({preventScroll: true});
  });
}

remember().catch(() => tell("This page was not served by the API, so requests cannot be tried."));
