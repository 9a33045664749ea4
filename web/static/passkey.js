// Passkeys. The page works without this by the other ways to sign in.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const post = async (path, values) => {
    const res = await fetch(path, { method: "POST", body: new URLSearchParams(values), credentials: "same-origin" });
    if (!res.ok) throw new Error(res.statusText);
    return res.json();
  };
  // What a browser cannot do with JSON by itself yet.
  const listed = (list) => (list || []).map((c) => ({ ...c, id: bytes(c.id) }));
  const asJSON = (c) => {
    const r = c.response, out = { clientDataJSON: text(r.clientDataJSON) };
    if (r.attestationObject) {
      out.attestationObject = text(r.attestationObject);
      out.transports = r.getTransports ? r.getTransports() : [];
    } else {
      out.authenticatorData = text(r.authenticatorData);
      out.signature = text(r.signature);
      if (r.userHandle) out.userHandle = text(r.userHandle);
    }
    return JSON.stringify({
      id: c.id, rawId: text(c.rawId), type: c.type, response: out,
      authenticatorAttachment: c.authenticatorAttachment || undefined, clientExtensionResults: c.getClientExtensionResults(),
    });
  };
  const say = (box, on) => {
    const p = box.querySelector("[data-failed]");
    if (p) { p.textContent = on ? p.dataset.failed : ""; p.hidden = !on; }
  };

  const login = document.querySelector("[data-passkey-login]");
  if (login) {
    const button = login.querySelector("button");
    const to = login.dataset.to;
    login.hidden = false;
    let waiting = null;
    const ask = async (mediation) => {
      const begun = await post("/login/passkey/begin", {});
      const o = begun.options;
      if (waiting) waiting.abort();
      waiting = new AbortController();
      const credential = await navigator.credentials.get({
        mediation, signal: waiting.signal,
        publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: listed(o.allowCredentials) },
      });
      const done = await post("/login/passkey", { ceremony: begun.ceremony, credential: asJSON(credential), to });
      location.assign(done.to);
    };
    button.addEventListener("click", async () => {
      say(login, false);
      button.disabled = true;
      try {
        await ask("optional");
      } catch (e) {
        if (e.name !== "AbortError") say(login, true);
      }
      button.disabled = false;
    });
    // Where the browser can, it offers passkeys in the field of the name.
    if (document.querySelector("input[autocomplete~=webauthn]") && PublicKeyCredential.isConditionalMediationAvailable) {
      PublicKeyCredential.isConditionalMediationAvailable().then((can) => can && ask("conditional")).catch((e) => {
        if (e.name !== "AbortError" && e.name !== "NotAllowedError") say(login, true);
      });
    }
  }

  const add = document.querySelector("form[data-passkey-add]");
  if (add) {
    add.hidden = false;
    add.addEventListener("submit", async (event) => {
      event.preventDefault();
      say(add, false);
      const button = add.querySelector("button");
      button.disabled = true;
      try {
        const begun = await post("/me/passkeys/begin", {});
        const o = begun.options;
        const credential = await navigator.credentials.create({
          publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: listed(o.excludeCredentials) },
        });
        const done = await post("/me/passkeys", { ceremony: begun.ceremony, credential: asJSON(credential), name: add.querySelector("[name=name]").value });
        location.assign(done.to);
      } catch {
        say(add, true);
      }
      button.disabled = false;
    });
  }
})();
