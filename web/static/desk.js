// Everything works without this. It shows Markdown while it is typed, keeps what
// was typed in this browser until it is saved, and fills in what is likely.
(() => {
  "use strict";

  for (const box of document.querySelectorAll("[data-markdown]")) {
    const area = box.querySelector("textarea");
    const out = document.createElement("div");
    out.className = "live prose";
    out.hidden = true;
    out.setAttribute("aria-live", "off");
    out.setAttribute("role", "region");
    out.setAttribute("aria-label", box.dataset.label);
    box.append(out);
    let timer = 0;
    let last = "";
    const show = async () => {
      const text = area.value;
      if (text === last) return;
      last = text;
      if (!text.trim()) { out.hidden = true; return; }
      const body = new FormData();
      body.append("text", text);
      try {
        const res = await fetch("/desk/preview", { method: "POST", body });
        if (!res.ok || area.value !== text) return;
        out.innerHTML = await res.text(); // safe HTML, made by the server
        out.hidden = false;
      } catch {
        last = ""; // tried again with the next letter
      }
    };
    area.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 700); });
  }

  for (const form of document.querySelectorAll("form[data-draft]")) {
    const key = "draft " + form.dataset.draft;
    const fields = () => [...form.elements].filter((e) => e.name && e.type !== "hidden" && e.type !== "submit" && e.type !== "file" && e.tagName !== "BUTTON" && e.tagName !== "FIELDSET");
    const read = () => fields().map((e) => [e.name, e.value, e.type === "checkbox" || e.type === "radio" ? e.checked : null]);
    const first = JSON.stringify(read());
    let sending = false;
    const dirty = () => JSON.stringify(read()) !== first;
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(key)); } catch { /* nothing is kept */ }
    const forget = () => { try { localStorage.removeItem(key); } catch { /* nothing is kept */ } };
    if (document.querySelector(".saved")) { forget(); kept = null; }

    if (kept && JSON.stringify(kept.fields) !== first && Date.now() - kept.at < 7 * 864e5 && !form.querySelector(".problems")) {
      const note = document.createElement("p");
      note.className = "typed";
      note.setAttribute("role", "status");
      note.append(form.dataset.restore);
      const button = (text, act) => {
        const b = document.createElement("button");
        b.type = "button";
        b.className = "quiet";
        b.textContent = text;
        b.addEventListener("click", () => { act(); note.remove(); });
        note.append(b);
      };
      button(form.dataset.restored, () => {
        for (const [name, value, checked] of kept.fields) {
          for (const e of fields()) {
            if (e.name !== name) continue;
            if (checked === null) e.value = value;
            else if (e.value === value) e.checked = checked;
          }
        }
      });
      button(form.dataset.forget, forget);
      form.prepend(note);
    }
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields: read() })); } catch { /* no room */ }
      }, 600);
    });
    form.addEventListener("submit", () => { sending = true; clearTimeout(timer); });
    window.addEventListener("beforeunload", (e) => { if (!sending && dirty()) e.preventDefault(); });

    // An evening ends two and a half hours after it begins, as long as nobody says
    // otherwise; and what has days has no hours.
    const at = form.elements.namedItem("start_time"), until = form.elements.namedItem("end_time"), days = form.querySelector("[name=all_day]");
    if (at && until) {
      at.addEventListener("change", () => {
        const m = /^(\d\d):(\d\d)$/.exec(at.value);
        if (!m || until.value) return;
        const t = (m[1] * 60 + +m[2] + 150) % 1440;
        until.value = String(Math.floor(t / 60)).padStart(2, "0") + ":" + String(t % 60).padStart(2, "0");
      });
    }
    if (days && at && until) {
      const turn = () => { for (const e of [at, until]) e.closest(".row").hidden = days.checked; };
      days.addEventListener("change", turn);
      turn();
    }
  }
})();
