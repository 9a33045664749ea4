// Everything works without this. It adds the reader's own time beside the
// city's, and a button to copy addresses.
(() => {
  "use strict";
  // "en" alone would write the month first; the pages do not.
  const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;

  // A time is told again only where the reader's clock shows another one.
  for (const el of document.querySelectorAll("time[data-local]")) {
    const iso = el.getAttribute("datetime");
    const from = new Date(iso);
    if (isNaN(from)) continue;
    const zone = /([+-])(\d\d):(\d\d)$/.exec(iso);
    const there = zone ? (zone[1] === "-" ? -1 : 1) * (zone[2] * 60 + +zone[3]) : 0;
    if (-from.getTimezoneOffset() === there) continue;
    const text = new Intl.DateTimeFormat(lang, {
      weekday: "short", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    }).format(from);
    const small = document.createElement("small");
    small.className = "local";
    small.textContent = el.dataset.local + ": " + text;
    const zoneName = el.nextElementSibling;
    (zoneName && zoneName.tagName === "SMALL" ? zoneName : el).after(small);
  }

  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // Who looks for another zone most often means their own.
  for (const input of document.querySelectorAll("input[data-zone]")) {
    if (!input.value) input.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    const input = button.parentElement.querySelector("input, textarea");
    const label = button.textContent;
    if (!input || !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      input.select();
      try {
        await navigator.clipboard.writeText(input.value);
      } catch {
        return; // selected, so that the keyboard can copy it
      }
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
})();
