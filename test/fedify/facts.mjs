// What fedify's typed vocabulary understood of a document, as plain JSON.
//
// Only what the vocabulary knows is here: a property that fedify could not
// read, or that stands where it does not look, is missing. That is the point.
import { getTypeId } from "@fedify/vocab";

const maxDepth = 4;

// Nothing is fetched while facts are gathered: only what was embedded counts.
const embeddedOnly = {
  documentLoader: async (url) => {
    throw new Error(`not embedded: ${url}`);
  },
  suppressError: true,
};

/** facts returns { type, id, …getters, …embedded objects } of a vocabulary object. */
export async function facts(object, contextLoader, depth = 0) {
  const out = { type: object.constructor.name };
  try {
    out.typeId = getTypeId(object).href;
  } catch {
    // Endpoints, Source and the like have no type of their own.
  }
  if (object.id) out.id = object.id.href;
  for (const [name, member] of members(object)) {
    if (member.get) {
      const value = await plain(object[name], contextLoader, depth);
      if (value !== undefined) out[name] = value;
    } else if (/^get[A-Z]/.test(name) && depth < maxDepth) {
      const key = name[3].toLowerCase() + name.slice(4);
      const value = await embedded(object, name, contextLoader, depth);
      if (value !== undefined && !(key in out)) out[key] = value;
    }
  }
  return out;
}

// members lists the public getters and methods of a class and of its parents.
function* members(object) {
  const seen = new Set();
  for (let p = Object.getPrototypeOf(object); p && p !== Object.prototype; p = Object.getPrototypeOf(p)) {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(p))) {
      if (seen.has(name) || name.startsWith("_") || name === "constructor") continue;
      seen.add(name);
      yield [name, member];
    }
  }
}

async function embedded(object, method, contextLoader, depth) {
  const result = object[method]({ ...embeddedOnly, contextLoader });
  if (result && typeof result[Symbol.asyncIterator] === "function") {
    const list = [];
    for await (const item of result) list.push(await facts(item, contextLoader, depth + 1));
    return list.length ? list : undefined;
  }
  const item = await result;
  return item == null ? undefined : await facts(item, contextLoader, depth + 1);
}

async function plain(value, contextLoader, depth) {
  if (value == null) return undefined;
  if (Array.isArray(value)) {
    const list = [];
    for (const v of value) {
      const p = await plain(v, contextLoader, depth);
      if (p !== undefined) list.push(p);
    }
    return list.length ? list : undefined;
  }
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    case "function":
      return value.name; // a class of the vocabulary, such as a Tombstone's former type
  }
  if (value instanceof URL) return value.href;
  if (value instanceof String) return { text: value.toString(), lang: value.locale?.toString() };
  if (value.constructor?.name === "CryptoKey") {
    return { algorithm: value.algorithm.name, bits: value.algorithm.modulusLength };
  }
  if (value[Symbol.toStringTag]?.startsWith("Temporal.")) return value.toString();
  if (depth >= maxDepth) return undefined;
  return await facts(value, contextLoader, depth + 1);
}
