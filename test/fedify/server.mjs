// One fediverse server made of fedify as its manual says, on a real TLS socket:
// actors with RSA and Ed25519 keys, WebFinger, NodeInfo, inboxes, followers,
// objects. What differs from any other is only that it writes down everything
// that reaches its inboxes.
import https from "node:https";
import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import {
  createFederation,
  generateCryptoKeyPair,
  MemoryKvStore,
} from "@fedify/fedify";
import { parseNodeInfo } from "@fedify/fedify/nodeinfo";
import { getAuthenticatedDocumentLoader } from "@fedify/fedify/utils";
import { verifyRequestDetailed } from "@fedify/fedify/sig";
import {
  Accept,
  Activity,
  Article,
  Event,
  Follow,
  getActorClassByTypeName,
  Endpoints,
  isActor,
  lookupObject,
  Note,
  Object as APObject,
  traverseCollection,
  Undo,
} from "@fedify/vocab";
import { getDocumentLoader, preloadedContexts } from "@fedify/vocab-runtime";
import { lookupWebFinger } from "@fedify/webfinger";
import { build } from "./build.mjs";
import { facts } from "./facts.mjs";
import { rfc9421Input, signed, spoil, verifyEd25519 } from "./signing.mjs";

// Contexts come from what fedify ships, never from the net. A document that
// names another one is not read, and the test hears which.
const contextLoader = async (url) => {
  const document = preloadedContexts[url];
  if (!document) throw new Error(`fedify does not know the context ${url}`);
  return { contextUrl: null, documentUrl: url, document };
};

const plainLoader = getDocumentLoader({ allowPrivateAddress: true });

export class Server {
  #received = [];
  #objects = new Map();
  #followers = new Map(); // actor of ours -> Map(uri -> Recipient)
  #actors = new Map(); // handle -> {type, keys}
  #federation;
  #https;
  #requests = [];

  constructor(options) {
    this.options = {
      authorizedFetch: false, // 401 to unsigned GETs
      refuseCavage: false, // 401 to everything not signed by RFC 9421
      autoAccept: true,
      inboxStatus: 0, // answer of every inbox, 0 for fedify's own
      ...options,
    };
    this.origin = `https://${options.host}:${options.port}`;
    this.#federation = this.#federate();
  }

  async start() {
    for (const { handle, type } of this.options.actors) {
      this.#followers.set(handle, new Map());
      this.#actors.set(handle, {
        type,
        keys: [await this.#rsa(), await generateCryptoKeyPair("Ed25519")],
      });
    }
    this.#https = https.createServer({
      cert: readFileSync(this.options.cert),
      key: readFileSync(this.options.key),
    }, (req, res) => this.#serve(req, res));
    await new Promise((done, failed) => {
      this.#https.on("error", failed);
      this.#https.listen(this.options.port, this.options.address ?? this.options.host, done);
    });
    return this.describe();
  }

  async stop() {
    this.#https.closeAllConnections();
    await new Promise((done) => this.#https.close(done));
    return {};
  }

  describe() {
    const actors = {};
    for (const handle of this.#actors.keys()) {
      actors[handle] = {
        uri: this.context.getActorUri(handle).href,
        address: `@${handle}@${this.options.host}:${this.options.port}`,
        inbox: this.context.getInboxUri(handle).href,
        followers: this.context.getFollowersUri(handle).href,
      };
    }
    return { origin: this.origin, actors };
  }

  get context() {
    return this.#federation.createContext(new URL(this.origin), undefined);
  }

  // fedify makes RSA keys of 4096 bits; tests that start many servers say 2048.
  #rsa() {
    if (!this.options.bits) return generateCryptoKeyPair("RSASSA-PKCS1-v1_5");
    return webcrypto.subtle.generateKey({
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: this.options.bits,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    }, true, ["sign", "verify"]);
  }

  #federate() {
    const federation = createFederation({
      kv: new MemoryKvStore(),
      origin: this.origin,
      allowPrivateAddress: true,
      firstKnock: this.options.firstKnock,
    });
    // An instance actor answers unsigned requests, or two servers that both
    // insist could never get at each other's keys.
    const allowed = async (ctx, identifier) => {
      if (!this.options.authorizedFetch || identifier === "instance") return true;
      const documentLoader = await ctx.getDocumentLoader({ identifier: "instance" });
      return (await ctx.getSignedKeyOwner({ documentLoader, contextLoader })) != null;
    };

    federation.setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
      const actor = this.#actors.get(identifier);
      if (!actor) return null;
      const keys = await ctx.getActorKeyPairs(identifier);
      return new (getActorClassByTypeName(actor.type))({
        id: ctx.getActorUri(identifier),
        preferredUsername: identifier,
        name: `${identifier} of fedify`,
        summary: "A test",
        url: new URL(`/@${identifier}`, this.origin),
        manuallyApprovesFollowers: !this.options.autoAccept,
        inbox: ctx.getInboxUri(identifier),
        outbox: ctx.getOutboxUri(identifier),
        followers: ctx.getFollowersUri(identifier),
        endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
        aliases: (this.options.aliases?.[identifier] ?? []).map((uri) => new URL(uri)),
        publicKey: keys[0].cryptographicKey,
        assertionMethods: keys.map((k) => k.multikey),
      });
    }).setKeyPairsDispatcher((_, identifier) => this.#actors.get(identifier)?.keys ?? [])
      .authorize(allowed);

    // Where people of this server do things with what is elsewhere.
    federation.setWebFingerLinksDispatcher(() => (this.options.links ?? []).map(({ rel, path }) => ({ rel, template: this.origin + path })));

    for (const [cls, path] of [[Note, "notes"], [Article, "articles"], [Event, "events"]]) {
      federation.setObjectDispatcher(cls, `/${path}/{id}`, (ctx, { id }) => {
        const object = this.#objects.get(new URL(`/${path}/${id}`, this.origin).href);
        return object instanceof cls ? object : null;
      }).authorize(allowed);
    }

    federation.setOutboxDispatcher("/users/{identifier}/outbox", () => ({ items: [] }));
    federation.setFollowersDispatcher("/users/{identifier}/followers", (_, identifier) => ({
      items: [...(this.#followers.get(identifier)?.values() ?? [])],
    }));

    federation.setInboxListeners("/users/{identifier}/inbox", "/inbox")
      .setSharedKeyDispatcher(() => ({ identifier: this.#actors.has("instance") ? "instance" : [...this.#actors.keys()][0] }))
      .on(Follow, async (ctx, follow) => {
        const target = ctx.parseUri(follow.objectId);
        if (target?.type !== "actor" || !this.#actors.has(target.identifier)) return;
        const documentLoader = await ctx.getDocumentLoader({ identifier: target.identifier });
        const follower = await follow.getActor({ documentLoader, contextLoader });
        if (!isActor(follower)) throw new Error(`the follower ${follow.actorId} cannot be read`);
        if (!this.options.autoAccept) return;
        this.#followers.get(target.identifier).set(follower.id.href, {
          id: follower.id,
          inboxId: follower.inboxId,
          endpoints: follower.endpoints,
        });
        await ctx.sendActivity({ identifier: target.identifier }, follower, new Accept({
          id: new URL(`#accepts/${crypto.randomUUID()}`, follow.objectId),
          actor: follow.objectId,
          object: follow,
        }));
      })
      .on(Undo, async (ctx, undo) => {
        const object = await undo.getObject({ contextLoader, suppressError: true });
        if (!(object instanceof Follow)) return;
        const target = ctx.parseUri(object.objectId);
        if (target?.type === "actor") this.#followers.get(target.identifier)?.delete(undo.actorId.href);
      })
      .on(Activity, () => {});

    federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
      software: { name: "fedify-test", version: "1.0.0" },
      protocols: ["activitypub"],
      usage: { users: { total: this.#actors.size }, localPosts: this.#objects.size, localComments: 0 },
    }));
    return federation;
  }

  async #serve(req, res) {
    let status = 500;
    try {
      const chunks = [];
      for await (const chunk of req) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const headers = new Headers();
      for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i], req.rawHeaders[i + 1]);
      const request = new Request(`https://${req.headers.host}${req.url}`, {
        method: req.method,
        headers,
        body: req.method === "GET" || req.method === "HEAD" ? undefined : body,
      });
      const response = await this.#answer(request, body);
      status = response.status;
      res.writeHead(status, Object.fromEntries(response.headers));
      res.end(Buffer.from(await response.arrayBuffer()));
    } catch (error) {
      console.error(`${this.origin}${req.url}:`, error);
      res.writeHead(500, { "content-type": "text/plain" });
      res.end(String(error));
    }
    this.#requests.push({ method: req.method, path: req.url, status, signed: "signature" in req.headers, userAgent: req.headers["user-agent"] });
  }

  async #answer(request, body) {
    const isInbox = request.method === "POST" && new URL(request.url).pathname.endsWith("/inbox");
    if (this.options.inboxStatus && isInbox) return new Response("", { status: this.options.inboxStatus });
    if (this.options.refuseCavage && request.headers.has("signature") && !request.headers.has("signature-input")) {
      return new Response("Only RFC 9421 here.", { status: 401 });
    }
    const fetched = () => this.#federation.fetch(request, {
      contextData: undefined,
      onNotAcceptable: () => new Response("A page for people.", { headers: { "content-type": "text/html; charset=utf-8" } }),
    });
    if (!isInbox) return await fetched();

    const entry = await this.#witness(request.clone(), body);
    // fedify cannot be told of Ed25519 keys in HTTP signatures: such a request
    // was verified here, and goes no further.
    const response = entry.algorithm === "ed25519" ? new Response("", { status: entry.verified ? 202 : 401 }) : await fetched();
    entry.status = response.status;
    this.#received.push(entry);
    return response;
  }

  // witness writes down what came: how it was signed, and what the vocabulary
  // understands of it.
  async #witness(request, body) {
    const input = rfc9421Input(request);
    const entry = {
      path: new URL(request.url).pathname,
      contentType: request.headers.get("content-type"),
      scheme: input ? "rfc9421" : request.headers.has("signature") ? "cavage" : "none",
      signature: request.headers.get("signature"),
      verified: false,
      raw: body.toString(),
    };
    const identifier = this.#actors.has("instance") ? "instance" : [...this.#actors.keys()][0];
    const loaders = { documentLoader: await this.context.getDocumentLoader({ identifier }), contextLoader };
    const byHand = input && (await verifyEd25519(request.clone(), body, loaders));
    if (byHand) {
      Object.assign(entry, { algorithm: "ed25519", verified: byHand.verified, reason: byHand.reason, keyId: byHand.keyId, keyOwner: byHand.owner });
    } else {
      const result = await verifyRequestDetailed(request.clone(), loaders);
      entry.algorithm = "rsa";
      entry.verified = result.verified;
      if (result.verified) {
        entry.keyId = result.key.id.href;
        entry.keyOwner = result.key.ownerId?.href;
      } else {
        entry.reason = result.reason.type;
        entry.keyId = result.reason.keyId?.href;
      }
    }
    try {
      entry.activity = JSON.parse(body);
      entry.facts = await facts(await Activity.fromJsonLd(entry.activity, { documentLoader: plainLoader, contextLoader }), contextLoader);
    } catch (error) {
      entry.unreadable = String(error);
    }
    return entry;
  }

  // ---- what a test can ask of it

  async loader(as, signedFetch = true) {
    if (!signedFetch) return plainLoader;
    const { keyId, privateKey } = (await this.context.getActorKeyPairs(as))[0];
    return this.#authenticated({ keyId, privateKey });
  }

  #authenticated(identity) {
    return getAuthenticatedDocumentLoader(identity, {
      allowPrivateAddress: true,
      specDeterminer: this.options.firstKnock && {
        determineSpec: () => this.options.firstKnock,
        rememberSpec() {},
      },
    });
  }

  async keyPair(as, kind = "rsa") {
    const pairs = await this.context.getActorKeyPairs(as);
    const pair = pairs.find((p) => (p.privateKey.algorithm.name === "Ed25519") === (kind === "ed25519"));
    // The id of an Ed25519 key is that of its Multikey.
    return { privateKey: pair.privateKey, keyId: kind === "ed25519" ? pair.multikey.id : pair.keyId };
  }

  settings(changes) {
    Object.assign(this.options, changes);
    return {};
  }

  async webfinger({ resource }) {
    return await lookupWebFinger(resource, { allowPrivateAddress: true });
  }

  // nodeinfo reads every version offered, with fedify's strict parser.
  async nodeinfo({ url }) {
    const accept = { headers: { accept: "application/json" }, redirect: "error" };
    const { links } = await (await fetch(new URL("/.well-known/nodeinfo", url), accept)).json();
    const infos = [];
    for (const { rel, href } of links) {
      if (!rel.startsWith("http://nodeinfo.diaspora.software/ns/schema/2.")) continue;
      const info = parseNodeInfo(await (await fetch(href, accept)).json());
      infos.push(info && JSON.parse(JSON.stringify(info)));
    }
    return { links, infos };
  }

  // lookup finds by handle or address, as a search box would.
  async lookup({ what, as, signed = true }) {
    const object = await lookupObject(what, { documentLoader: await this.loader(as, signed), contextLoader, allowPrivateAddress: true });
    return object && (await facts(object, contextLoader));
  }

  // read fetches one document and reads it by the class of its type.
  async read({ url, as, signed = true }) {
    const { document, documentUrl } = await (await this.loader(as, signed))(url);
    const object = await APObject.fromJsonLd(document, { documentLoader: plainLoader, contextLoader, baseUrl: new URL(documentUrl) });
    return { document, facts: await facts(object, contextLoader) };
  }

  // parse reads a document that came some other way.
  async parse({ document }) {
    return await facts(await APObject.fromJsonLd(JSON.parse(document), { documentLoader: plainLoader, contextLoader }), contextLoader);
  }

  // walk reads a collection from its first page to its last.
  async walk({ url, as, limit = 200 }) {
    const documentLoader = await this.loader(as);
    const { document } = await documentLoader(url);
    const collection = await APObject.fromJsonLd(document, { documentLoader, contextLoader });
    const items = [];
    for await (const item of traverseCollection(collection, { documentLoader, contextLoader })) {
      items.push(await facts(item, contextLoader, 2));
      if (items.length >= limit) break;
    }
    return { totalItems: collection.totalItems, items };
  }

  async #actor(what, as) {
    const actor = await lookupObject(what, { documentLoader: await this.loader(as), contextLoader, allowPrivateAddress: true });
    if (!isActor(actor)) throw new Error(`${what} is no actor: ${actor}`);
    return actor;
  }

  async follow({ as, target }) {
    const actor = await this.#actor(target, as);
    const id = new URL(`#follows/${crypto.randomUUID()}`, this.context.getActorUri(as));
    await this.context.sendActivity({ identifier: as }, actor, new Follow({
      id,
      actor: this.context.getActorUri(as),
      object: actor.id,
      to: actor.id,
    }));
    return { id: id.href, actor: actor.id.href };
  }

  // publish keeps an object, so that it can be fetched from here.
  publish({ object }) {
    const built = build(object);
    this.#objects.set(built.id.href, built);
    return {};
  }

  // send builds an activity and lets fedify sign and deliver it.
  async send({ as, activity, to }) {
    const built = build({ actor: this.context.getActorUri(as).href, ...activity });
    const recipients = [];
    for (const uri of to) recipients.push(await this.#actor(uri, as));
    await this.context.sendActivity({ identifier: as }, recipients, built, { preferSharedInbox: true });
    return { id: built.id?.href };
  }

  async sendToFollowers({ as, activity }) {
    const built = build({ actor: this.context.getActorUri(as).href, ...activity });
    await this.context.sendActivity({ identifier: as }, "followers", built, { preferSharedInbox: true });
    return { id: built.id?.href };
  }

  // post sends a body to an inbox, signed as told, and gives the answer.
  async post({ as, inbox, body, scheme, key, skew, spoiled, deliverTo, contentType = "application/activity+json", components }) {
    const bytes = Buffer.from(body);
    const request = new Request(inbox, { method: "POST", headers: { "content-type": contentType }, body: bytes });
    const pair = scheme === "none" ? null : await this.keyPair(as, key);
    const toSend = await spoil(await signed(request, bytes, { scheme, pair, skew, components }), bytes, spoiled, deliverTo);
    const response = await fetch(toSend, { redirect: "manual" });
    return { status: response.status, body: (await response.text()).slice(0, 2000) };
  }

  // get fetches an address, signed as told, and gives the answer as it came.
  async get({ url, as, scheme = "none", key, accept = "application/activity+json" }) {
    const request = new Request(url, { headers: { accept } });
    const pair = scheme === "none" ? null : await this.keyPair(as, key);
    const response = await fetch(await signed(request, null, { scheme, pair }), { redirect: "manual" });
    return { status: response.status, contentType: response.headers.get("content-type"), body: (await response.text()).slice(0, 1 << 20) };
  }

  received({ since = 0 } = {}) {
    return this.#received.slice(since);
  }

  requests({ since = 0 } = {}) {
    return this.#requests.slice(since);
  }

  // rekey gives an actor new keys under the same ids.
  async rekey({ as }) {
    this.#actors.get(as).keys = [await this.#rsa(), await generateCryptoKeyPair("Ed25519")];
    return {};
  }

  followers({ as }) {
    return [...this.#followers.get(as).keys()];
  }
}
