// Verifies what we signed and signs what we verify, with @fedify/fedify. Reads
// one JSON document from the file in KONFA_FEDIFY_IN and writes one to stdout.
import { readFileSync } from "node:fs";
import { signRequest, verifyRequest } from "@fedify/fedify/sig";

const input = JSON.parse(readFileSync(process.env.KONFA_FEDIFY_IN, "utf8"));
const der = (pem) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const documentLoader = async (url) => ({
  contextUrl: null,
  documentUrl: url,
  document: {
    "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
    id: input.owner, type: "Person", preferredUsername: "anna", inbox: input.owner + "/inbox",
    publicKey: { id: input.keyId, owner: input.owner, publicKeyPem: input.publicPem },
  },
});
const output = { verified: [], signed: [] };
for (const r of input.requests) {
  const request = new Request(r.url, { method: r.method, headers: r.headers, body: r.body || undefined });
  const key = await verifyRequest(request, { documentLoader, timeWindow: { hours: 1 } });
  output.verified.push(key?.id?.href ?? "");
}
const privateKey = await crypto.subtle.importKey("pkcs8", der(input.privatePem), rsa, true, ["sign"]);
for (const spec of ["draft-cavage-http-signatures-12", "rfc9421"]) {
  for (const [method, url, body] of [["POST", "https://konfa.example/inbox", '{"type":"Follow"}'], ["GET", "https://konfa.example/city/outbox?page=2", null]]) {
    const headers = body ? { "Content-Type": "application/activity+json" } : { Accept: "application/activity+json" };
    const signed = await signRequest(new Request(url, { method, headers, body }), privateKey, new URL(input.keyId), { spec });
    output.signed.push({ spec, method, url, body: body ?? "", headers: Object.fromEntries(signed.headers) });
  }
}
console.log(JSON.stringify(output));
