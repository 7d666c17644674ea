"use strict";
(() => {
  const one = (id) => document.getElementById(id);

  const fault = (code) => {
    const words = document.querySelector(`#faults [data-for="${code}"]`);
    one("fault").textContent = code === null ? "" : (words || one("broken")).textContent;
    one("fault").hidden = code === null;
  };

  const part = async (code, after) => {
    const answer = await fetch(location.pathname, {
      method: "POST",
      headers: { Accept: "text/csv", "Content-Type": "application/json" },
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      body: JSON.stringify(after ? { code, after } : { code }),
    });
    if (!answer.ok) throw answer.status;
    return answer;
  };

  const save = async (answer, number) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `okki-leads-contacts-${number}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  one("fetch").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = document.querySelector("#fetch button");
    button.disabled = true;
    one("done").hidden = true;
    fault(null);
    try {
      const code = one("code").value.trim();
      let after = null;
      let number = 0;
      do {
        const answer = await part(code, after);
        number += 1;
        await save(answer, number);
        after = answer.headers.get("Okki-Next");
      } while (after);
      one("files").textContent = String(number);
      one("done").hidden = false;
    } catch (status) {
      fault(typeof status === "number" ? status : 0);
    }
    button.disabled = false;
  });
  one("fetch").hidden = false;
})();
