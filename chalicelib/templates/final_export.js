"use strict";
(() => {
  const one = (id) => document.getElementById(id);

  const fault = (code) => {
    const words = document.querySelector(`#faults [data-for="${code}"]`);
    one("fault").textContent = code === null ? "" : (words || one("broken")).textContent;
    one("fault").hidden = code === null;
  };

  const part = async (what, code, after) => {
    const answer = await fetch(location.pathname, {
      method: "POST",
      headers: { Accept: "text/csv", "Content-Type": "application/json" },
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      body: JSON.stringify(after ? { what, code, after } : { what, code }),
    });
    if (!answer.ok) throw answer.status;
    return answer;
  };

  const save = async (answer, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name;
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
      let files = 0;
      for (const what of ["contacts", "messages"]) {
        let after = null;
        let number = 0;
        do {
          const answer = await part(what, code, after);
          if (answer.headers.get("Okki-Rows") !== "0") {
            number += 1;
            await save(answer, `okki-leads-${what}-${number}.csv`);
          }
          after = answer.headers.get("Okki-Next");
        } while (after);
        files += number;
      }
      one("files").textContent = String(files);
      one("done").hidden = false;
    } catch (status) {
      fault(typeof status === "number" ? status : 0);
    }
    button.disabled = false;
  });
  one("fetch").hidden = false;
})();
