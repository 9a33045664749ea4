// Peers of another make for the tests of konfa: fediverse servers made of
// fedify, driven over a control port.
//
//   node peer.mjs
//
// prints one line, {"control": "http://127.0.0.1:PORT"}. POST /servers starts a
// server; POST /servers/NAME/WHAT asks something of it. Bodies and answers are
// JSON; a failure is 500 with {"error": …}. It ends when its standard input does.
import dns from "node:dns";
import http from "node:http";
import { Server } from "./server.mjs";

// RFC 6761 §6.3: names under localhost are this machine's, whatever its
// resolver says.
const lookup = dns.lookup;
dns.lookup = (name, options, callback) =>
  lookup(/\.localhost$/i.test(name) ? "127.0.0.1" : name, options, callback);

const servers = new Map();
const asked = new Set([
  "follow", "followers", "get", "lookup", "nodeinfo", "parse", "post", "publish", "read",
  "received", "rekey", "requests", "send", "sendToFollowers", "settings", "stop",
  "walk", "webfinger",
]);

async function control(path, args) {
  const [, collection, name, what] = path.split("/");
  if (collection !== "servers") throw new Error(`no such address: ${path}`);
  if (!name) {
    const server = new Server(args);
    const described = await server.start();
    servers.set(args.name, server);
    return described;
  }
  const server = servers.get(name);
  if (!server || !asked.has(what)) throw new Error(`no such address: ${path}`);
  return await server[what](args);
}

const port = http.createServer(async (req, res) => {
  let status = 200;
  let answer;
  try {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    answer = await control(req.url, JSON.parse(Buffer.concat(chunks).toString() || "{}"));
  } catch (error) {
    status = 500;
    answer = { error: String(error), cause: error?.cause && String(error.cause), stack: error?.stack };
  }
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify(answer ?? null));
});
port.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ control: `http://127.0.0.1:${port.address().port}` }));
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
process.on("unhandledRejection", (error) => console.error("unhandled:", error));
