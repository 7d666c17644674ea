"use strict";
(() => {
  const one = (id) => document.getElementById(id);
  let request = null;
  let token = null; // in this page alone: whoever closes it gets the answer by mail

  const show = (id, where) => {
    for (const part of ["ask", "prove", "state"]) one(part).hidden = part !== id;
    one(where).focus();
  };

  const fault = (code) => {
    const words = document.querySelector(`#faults [data-for="${code}"]`);
    one("fault").textContent = code === null ? "" : (words || one("broken")).textContent;
    one("fault").hidden = code === null;
  };

  const send = async (method, path, body) => {
    const headers = { Accept: "application/json" };
    if (body) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    const asked = { method, headers, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" };
    const answer = await fetch(path, body ? { ...asked, body: JSON.stringify(body) } : asked);
    if (!answer.ok) throw answer.status;
    return answer;
  };

  const doing = (work) => async (event) => {
    event.preventDefault();
    const pressed = document.querySelectorAll("button");
    for (const button of pressed) button.disabled = true;
    fault(null);
    try {
      await work();
    } catch (status) {
      fault(typeof status === "number" ? status : 0);
    }
    for (const button of pressed) button.disabled = false;
  };

  const line = (text) => {
    const made = document.createElement("p");
    made.textContent = text;
    one("answer").append(made);
  };

  const look = async () => {
    const seen = await (await send("GET", request)).json();
    one("number").textContent = seen.id;
    one("due").textContent = new Date(seen.due_at).toLocaleDateString(document.documentElement.lang);
    for (const word of document.querySelectorAll("#states [data-for]")) word.hidden = word.dataset.for !== seen.state;
    one("answer").replaceChildren();
    const said = seen.answer;
    one("data").hidden = !(said && said.data);
    one("companies").hidden = !(said && said.companies.length);
    if (!said) return;
    for (const words of said.words) line(words);
    if (said.from_staff) line(said.from_staff);
    line(said.complain);
    one("names").replaceChildren(...said.companies.map((company) => {
      const item = document.createElement("li");
      item.textContent = company.website ? `${company.name} (${company.website})` : company.name;
      return item;
    }));
  };

  one("ask").addEventListener("submit", doing(async () => {
    const said = new FormData(one("ask"));
    const body = { kind: said.get("kind"), email: said.get("email").trim(), locale: document.documentElement.lang.slice(0, 2) };
    if (said.get("details").trim()) body.details = said.get("details");
    request = (await (await send("POST", "../requests", body)).json()).id;
    show("prove", "code");
  }));
  one("again").addEventListener("click", doing(async () => {
    await send("POST", `${request}/code`);
    one("sent").hidden = false;
  }));
  one("prove").addEventListener("submit", doing(async () => {
    const code = one("code").value.trim();
    token = (await (await send("POST", `${request}/verify`, { code })).json()).token;
    one("ask").reset();
    one("prove").reset();
    show("state", "seen");
    await look();
  }));
  one("look").addEventListener("click", doing(look));
  one("data").addEventListener("click", doing(async () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await (await send("GET", `${request}/data?format=csv`)).blob());
    link.download = "personal-data.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  }));
  one("ask").hidden = false;
})();
