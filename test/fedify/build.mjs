// Objects of fedify's vocabulary made of plain JSON: {"type": "Join", "actor":
// "https://…", "object": {"type": "Note", …}, "tos": ["https://…"]}. The keys
// are those of the vocabulary's constructors.
import * as vocab from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";

const instants = new Set(["startTime", "endTime", "published", "updated", "deleted"]);
const texts = new Set(["content", "name", "summary", "mediaType", "preferredUsername", "units"]);

export function build(value) {
  const { type, ...rest } = value;
  const cls = vocab[type];
  if (typeof cls !== "function" || !/^[A-Z]/.test(type)) throw new TypeError(`the vocabulary has no ${type}`);
  const values = {};
  for (const [key, v] of Object.entries(rest)) values[key] = convert(key, v);
  return new cls(values);
}

function convert(key, v) {
  if (Array.isArray(v)) return v.map((item) => convert(key, item));
  if (v !== null && typeof v === "object") return build(v);
  if (typeof v !== "string" || texts.has(key)) return v;
  if (instants.has(key)) return Temporal.Instant.from(v);
  return new URL(v);
}
