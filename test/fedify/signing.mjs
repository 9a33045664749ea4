// Requests signed by hand: well, by RFC 9421 with Ed25519 (which fedify itself
// does not do), or spoiled on purpose.
import { createPublicKey, verify as verifyBytes, webcrypto } from "node:crypto";
import { fetchKey, signRequest } from "@fedify/fedify/sig";
import { exportSpki } from "@fedify/vocab-runtime";
import { Multikey } from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");

async function contentDigest(body) {
  return `sha-256=:${base64(await webcrypto.subtle.digest("SHA-256", body))}:`;
}

/**
 * signed returns the request, signed.
 *
 * scheme: "cavage", "rfc9421" or "none"; pair: {keyId, privateKey}; skew: seconds
 * that the clock of the signer is off; components: what an Ed25519 signature
 * covers.
 */
export async function signed(request, body, { scheme, pair, skew = 0, components }) {
  if (scheme === "none") return request;
  const currentTime = Temporal.Now.instant().add({ seconds: skew });
  if (pair.privateKey.algorithm.name === "Ed25519") {
    if (scheme !== "rfc9421") throw new TypeError("there is no cavage signature with Ed25519");
    return await signEd25519(request, body, pair, currentTime, components);
  }
  const spec = scheme === "cavage" ? "draft-cavage-http-signatures-12" : scheme;
  return await signRequest(request, pair.privateKey, pair.keyId, { spec, currentTime, body });
}

async function signEd25519(request, body, pair, currentTime, components) {
  const headers = new Headers(request.headers);
  const covered = components ?? ["@method", "@target-uri", ...(body ? ["content-digest"] : [])];
  if (body) headers.set("Content-Digest", await contentDigest(body));
  headers.set("Date", new Date(currentTime.epochMilliseconds).toUTCString());
  const created = Math.floor(currentTime.epochMilliseconds / 1000);
  const params = `(${covered.map((c) => `"${c}"`).join(" ")});created=${created};keyid="${pair.keyId.href}"`;
  const base = signatureBase(new Request(request.url, { method: request.method, headers }), covered, params);
  const bytes = await webcrypto.subtle.sign("Ed25519", pair.privateKey, new TextEncoder().encode(base));
  headers.set("Signature-Input", `sig1=${params}`);
  headers.set("Signature", `sig1=:${base64(bytes)}:`);
  return new Request(request, { headers, body });
}

// signatureBase is RFC 9421 §2.5 for the components that peers use.
function signatureBase(request, covered, params) {
  const url = new URL(request.url);
  const lines = covered.map((c) => {
    const value =
      c === "@method" ? request.method
      : c === "@target-uri" ? url.href
      : c === "@authority" ? url.host
      : c === "@path" ? url.pathname
      : request.headers.get(c);
    if (value == null) throw new Error(`nothing to sign for ${c}`);
    return `"${c}": ${value}`;
  });
  return [...lines, `"@signature-params": ${params}`].join("\n");
}

/** algorithm tells what a request was signed with, of its RFC 9421 headers. */
export function rfc9421Input(request) {
  const m = request.headers.get("signature-input")?.match(/^\s*([A-Za-z0-9_*.-]+)=(\(([^)]*)\)(.*))$/);
  if (!m) return null;
  const [, label, params, inner, rest] = m;
  const param = (name) => rest.match(new RegExp(`;${name}="?([^";]*)"?`))?.[1];
  return {
    label,
    params,
    covered: [...inner.matchAll(/"([^"]+)"/g)].map((c) => c[1]),
    keyId: param("keyid"),
    alg: param("alg"),
    created: Number(param("created")),
  };
}

/**
 * verifyEd25519 verifies an RFC 9421 signature made with a key of
 * assertionMethod. It returns null for what was not signed with such a key.
 */
export async function verifyEd25519(request, body, loaders) {
  const input = rfc9421Input(request);
  if (!input?.keyId) return null;
  let key;
  try {
    ({ key } = await fetchKey(new URL(input.keyId), Multikey, loaders));
  } catch {
    return null;
  }
  if (key?.publicKey?.algorithm.name !== "Ed25519") return null;
  const result = (reason) => ({ keyId: input.keyId, owner: key.controllerId?.href, verified: reason === "", reason });
  for (const c of ["@method", "@target-uri", ...(body?.byteLength ? ["content-digest"] : [])]) {
    if (!input.covered.includes(c)) return result(`${c} is not covered`);
  }
  if (Math.abs(Date.now() / 1000 - input.created) > 3600) return result("stale");
  if (body?.byteLength && request.headers.get("content-digest") !== (await contentDigest(body))) {
    return result("the digest is not of this body");
  }
  const signature = request.headers.get("signature")?.match(new RegExp(`${input.label}=:([^:]*):`))?.[1];
  const ok = signature != null && verifyBytes(
    null,
    Buffer.from(signatureBase(request, input.covered, input.params)),
    createPublicKey(await exportSpki(key.publicKey)),
    Buffer.from(signature, "base64"),
  );
  return result(ok ? "" : "wrong signature");
}

/**
 * spoil does to a signed request what someone on the way could do to it.
 * deliverTo is another address to send it to.
 */
export async function spoil(request, body, how, deliverTo) {
  const headers = new Headers(request.headers);
  let sent = body;
  switch (how) {
    case "":
    case undefined:
      break;
    case "body": // another text of the same length under the old digest
      sent = another(body);
      break;
    case "digest": { // another text with its own digest
      sent = another(body);
      const sum = base64(await webcrypto.subtle.digest("SHA-256", sent));
      if (headers.has("Digest")) headers.set("Digest", `SHA-256=${sum}`);
      if (headers.has("Content-Digest")) headers.set("Content-Digest", `sha-256=:${sum}:`);
      break;
    }
    case "no-digest":
      headers.delete("Digest");
      headers.delete("Content-Digest");
      break;
    case "signature": // one character of it, well inside
      headers.set("Signature", headers.get("Signature").replace(
        /([A-Za-z0-9+/])(?=[A-Za-z0-9+/]{40}={0,2}[":]\s*$)/,
        (c) => (c === "A" ? "B" : "A"),
      ));
      break;
    case "twice":
      headers.append("Signature", headers.get("Signature"));
      break;
    default:
      throw new TypeError(`spoil: ${how}?`);
  }
  return new Request(deliverTo ?? request.url, { method: request.method, headers, body: sent });
}

function another(body) {
  const changed = Buffer.from(body.toString().replace("genuine", "altered"));
  if (changed.equals(body)) throw new TypeError("a body to spoil has the word genuine in it");
  return changed;
}
