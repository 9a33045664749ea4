// The door. Every action works without this. It adds finding as one types, the
// camera, and going on without a network: what is noted is kept on this device
// and sent once it can be. Sending it twice changes nothing, and of two doors the
// earlier counts.
(() => {
  "use strict";
  const door = document.getElementById("door");
  if (!door) return;
  const $ = (what) => door.querySelector(what);
  const words = JSON.parse(door.dataset.words);
  const say = (key, fill = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => fill[name] ?? "");
  let data = JSON.parse(door.dataset.list);
  let ahead = data.now - Date.now(); // of the clock that counts
  const now = () => Date.now() + ahead;
  const place = "door:" + data.conference;
  let queue = [];
  try {
    queue = JSON.parse(localStorage.getItem(place)) || [];
  } catch { /* nothing is kept where nothing may be */ }
  const keep = () => {
    try {
      queue.length ? localStorage.setItem(place, JSON.stringify(queue)) : localStorage.removeItem(place);
    } catch { /* it stays in the page */ }
  };
  const clock = (at) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: data.zone }).format(at);
  const letters = { "đ": "d", "ł": "l", "ø": "o", "ß": "ss" };
  const fold = (s) => s.toLowerCase().normalize("NFD").replace(/\p{Mn}/gu, "").replace(/[đłøß]/g, (c) => letters[c]);

  // What is known with what was noted since on top.
  const current = () => {
    const guests = data.guests.map((g) => ({ ...g }));
    const walkers = data.walk_ins.map((g) => ({ ...g }));
    const byID = new Map(guests.map((g) => [g.id, g]));
    for (const n of queue) {
      const g = byID.get(n.guest);
      if (n.act === "undo" && g) g.in = 0;
      else if ((n.act === "in" || n.act === "ticket") && g) g.in ||= n.at;
      else if (n.act === "walk_in" && !walkers.some((w) => w.key === n.key)) walkers.push({ key: n.key, name: n.name || "·", note: n.plus ? "+" + n.plus : "", size: 1 + n.plus, in: n.at });
      else if (n.act === "walk_out") walkers.splice(walkers.findIndex((w) => w.key === n.key) >>> 0, 1);
    }
    return { guests, walkers };
  };

  const line = (g, undo) => {
    const li = document.createElement("li");
    const name = document.createElement("span");
    name.className = "door-name";
    const b = document.createElement("b");
    b.dir = "auto";
    b.textContent = g.name;
    name.append(b);
    for (const [text, kind] of [[g.note, ""], [g.in ? clock(g.in) : "", "door-clock"]]) {
      if (!text) continue;
      const small = document.createElement("small");
      small.className = kind;
      small.textContent = text;
      name.append(" ", small);
    }
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = undo ? words.undo : words.in;
    if (undo) button.className = "quiet";
    button.setAttribute("aria-label", say(undo ? "undoOf" : "inOf", { name: g.name }));
    button.dataset.act = g.key ? "walk_out" : undo ? "undo" : "in";
    button.dataset.of = g.key || g.id;
    if (g.in) li.className = "here";
    li.append(name, button);
    return li;
  };

  const search = $("#q");
  const draw = () => {
    const focused = document.activeElement?.dataset?.of;
    const { guests, walkers } = current();
    const wanted = fold(search.value).split(/\s+/).filter(Boolean);
    const fits = (g) => {
      const name = " " + fold(g.name);
      return wanted.every((w) => name.includes(" " + w));
    };
    const shown = guests.filter(fits);
    $("[data-rows]").replaceChildren(...shown.map((g) => line(g, g.in)));
    $("[data-walkers]").replaceChildren(...walkers.filter(fits).map((g) => line(g, true)));
    $("[data-none]").hidden = shown.length > 0;
    const sum = (list) => list.reduce((n, g) => n + g.size, 0);
    $("[data-inside]").textContent = sum(guests.filter((g) => g.in)) + sum(walkers);
    $("[data-expected]").textContent = sum(guests.filter((g) => g.going));
    if (focused) door.querySelector(`[data-of="${CSS.escape(focused)}"]`)?.focus();
  };

  const said = $("[data-said]");
  const tell = (text, kind) => {
    said.hidden = false;
    said.className = "door-said " + (kind || "");
    said.textContent = text;
    if (kind) navigator.vibrate?.(kind === "good" ? 60 : [120, 80, 120]);
  };

  const net = $("[data-net]");
  let away = false, sending = false, again = false;
  const status = () => {
    net.hidden = !away && queue.length === 0;
    net.textContent = [away ? words.offline : "", queue.length ? say("queued", { count: queue.length }) : ""].filter(Boolean).join(" ");
  };
  const send = async () => {
    if (sending) {
      again = true;
      return;
    }
    sending = true;
    const batch = queue.slice(0, 100);
    try {
      const res = await fetch(door.dataset.door + "/notes", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ notes: batch }), signal: AbortSignal.timeout(15000),
      });
      if (!res.ok) throw new Error(res.status);
      const got = await res.json();
      away = false;
      const done = new Set(got.answers.map((a) => a.note));
      queue = queue.filter((n) => !done.has(n.note));
      data = got.data;
      ahead = data.now - Date.now();
      for (const a of got.answers) {
        if (a.ok) continue;
        const n = batch.find((n) => n.note === a.note);
        const g = data.guests.find((g) => g.id === a.guest);
        tell(say("refused", { name: g?.name || n?.name || "", why: a.error || "" }), "bad");
      }
      again ||= queue.length > 0;
    } catch {
      away = true;
    }
    sending = false;
    keep();
    status();
    draw();
    if (again && !away) {
      again = false;
      send();
    }
  };
  const note = (n) => {
    queue.push({ note: crypto.randomUUID?.() || String(Math.random()), at: Math.round(now()), ...n });
    keep();
    draw();
    status();
    send();
  };

  // A ticket names its conference and its guest before the proof, which only the
  // node can check: two numbers of seven bits a byte.
  const read = (ticket) => {
    try {
      const raw = atob(ticket.trim().replace(/.*\//, "").replace(/-/g, "+").replace(/_/g, "/"));
      const numbers = [];
      for (let i = 0, value = 0, scale = 1; i < raw.length - 16; i++) {
        const c = raw.charCodeAt(i);
        value += (c & 127) * scale;
        scale *= 128;
        if (c < 128) {
          numbers.push(value);
          value = 0;
          scale = 1;
        }
      }
      return numbers.length === 2 ? { conference: numbers[0], guest: numbers[1] } : null;
    } catch {
      return null;
    }
  };
  const take = (ticket) => {
    const t = read(ticket);
    if (!t || t.conference !== data.conference) {
      tell(words.unknown, "bad");
      return false;
    }
    const g = current().guests.find((g) => g.id === t.guest);
    if (g?.in) {
      tell(say("already", { name: g.name, time: clock(g.in) }), "bad");
      return true;
    }
    tell("✓ " + (g ? g.name + (g.note ? " · " + g.note : "") : "…"), "good");
    note({ act: "ticket", ticket, guest: t.guest });
    return true;
  };

  door.addEventListener("click", (e) => {
    const b = e.target.closest("button[data-act]");
    if (!b) return;
    const act = b.dataset.act;
    if (act === "walk_out") return note({ act, key: b.dataset.of });
    const g = current().guests.find((g) => g.id === +b.dataset.of);
    note({ act, guest: g.id });
    tell(act === "in" ? "✓ " + g.name : say("out", { name: g.name }), act === "in" ? "good" : "");
  });
  $("[data-walk]").addEventListener("submit", (e) => {
    e.preventDefault();
    const form = e.target, name = form.elements.name.value.trim(), plus = Math.min(9, Math.max(0, parseInt(form.elements.plus.value, 10) || 0));
    note({ act: "walk_in", key: crypto.randomUUID?.() || String(Math.random()).slice(2), name, plus });
    tell("✓ " + name + (plus ? " +" + plus : ""), "good");
    form.elements.name.value = form.elements.plus.value = "";
  });
  $("[data-ticket]").addEventListener("submit", (e) => {
    e.preventDefault();
    const field = e.target.elements.ticket;
    if (take(field.value)) field.value = "";
  });
  $(".door-search").addEventListener("submit", (e) => e.preventDefault());
  search.addEventListener("input", draw);

  // The camera, where the browser itself reads codes.
  const video = $("video");
  let stream = null;
  const stop = () => {
    stream?.getTracks().forEach((t) => t.stop());
    stream = null;
    $("[data-video]").hidden = true;
    $("[data-camera]").hidden = false;
  };
  const scan = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      return tell(words.camera, "bad");
    }
    video.srcObject = stream;
    $("[data-video]").hidden = false;
    $("[data-camera]").hidden = true;
    await video.play();
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    let last = "", lastAt = 0;
    const look = async () => {
      if (!stream) return;
      try {
        for (const code of await detector.detect(video)) {
          if (code.rawValue === last && Date.now() - lastAt < 4000) continue; // it is held there for a while
          last = code.rawValue;
          lastAt = Date.now();
          take(last);
        }
      } catch { /* no frame yet */ }
      setTimeout(look, 200);
    };
    look();
  };
  if ("BarcodeDetector" in window && navigator.mediaDevices) {
    BarcodeDetector.getSupportedFormats().then((formats) => {
      if (formats.includes("qr_code")) $("[data-scan]").hidden = false;
    });
    $("[data-camera]").addEventListener("click", scan);
    $("[data-stop]").addEventListener("click", stop);
  }

  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" ? send() : stop());
  setInterval(() => {
    if (document.visibilityState === "visible" || queue.length) send();
  }, 8000);
  draw();
  status();
  if (queue.length) send();
})();
