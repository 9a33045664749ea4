// The last step of the first run looks every few seconds whether someone follows
// the city. Without this there is a link that looks again.
(() => {
  "use strict";
  const panel = document.querySelector("[data-live]");
  if (!panel) return;
  const look = async () => {
    try {
      const answer = await fetch(panel.dataset.live, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const now = await answer.json();
        for (const name of ["followers", "delivered"]) {
          const at = panel.querySelector(`[data-${name}]`);
          if (at.textContent !== now[name]) at.textContent = now[name];
        }
        panel.classList.toggle("some", now.some);
      }
    } catch {
      // The network comes back, or the link still works.
    }
    setTimeout(look, 3000);
  };
  setTimeout(look, 3000);
})();
