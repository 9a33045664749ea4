// Cities of the real program: one process, one database, one free port each.
import { spawn, execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

const program = process.env.KONFA_TEST_PROGRAM;

// What a file started ends with it, last things first.
const endings = [];
after(async () => {
  for (const end of endings.reverse()) await end();
});

/** Has something done when the tests of this file are over. */
export const ending = (end) => endings.push(end);

// within bounds every wait for something another process does, in milliseconds.
// It is generous: it ends a test that would fail anyway.
export const within = 30_000;

/** A port that nothing listens on at the address. */
export function freePort(address = "127.0.0.1") {
  return new Promise((resolve, reject) => {
    const s = createServer();
    s.on("error", reject);
    s.listen(0, address, () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

/** Waits until check returns something true, and returns it. */
export async function eventually(what, check) {
  const end = Date.now() + within;
  let last;
  for (let pause = 20; Date.now() < end; pause = Math.min(pause * 1.5, 300)) {
    try {
      const value = await check();
      if (value) return value;
      last = undefined;
    } catch (e) {
      last = e;
    }
    await new Promise((r) => setTimeout(r, pause));
  }
  throw new Error(`${what}: not within ${within} ms${last ? ": " + last.message : ""}`);
}

// What steers a konfa of whoever runs the tests must not steer ours.
function environment(extra) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith("KONFA_")));
  return { ...env, GORACE: "atexit_sleep_ms=0", ...extra };
}

/**
 * Founds a city and starts it. It ends with the test file.
 *
 *   name, handle, languages ("en,ru,sr"), steward ("ana")
 *   host      "localhost"; a second city needs another, such as "phuket.localhost"
 *   smtp      the url of a mail catcher (mail.mjs)
 *   settings  more configuration: { authorized_fetch: "true" }
 *   init      more flags of konfa init; null to start what is not founded yet
 */
export async function found({ name = "Belgrade", handle, languages = "en,ru,sr", steward = "ana", host = "localhost", smtp, settings = {}, init = [] } = {}) {
  if (!program) throw new Error("KONFA_TEST_PROGRAM does not say which konfa is tested");
  const dir = await mkdtemp(join(tmpdir(), "konfa-browser-"));
  const port = await freePort();
  const c = new City(`http://${host}:${port}`, dir, {
    url: `http://${host}:${port}`,
    listen: `127.0.0.1:${port}`,
    data: join(dir, "data"),
    // Every browser window has an address of its own (look.mjs), as people do.
    trusted_proxies: "127.0.0.1/32",
    allow_addresses: "127.0.0.0/8",
    ...(smtp ? { smtp } : {}),
    ...settings,
  });
  ending(() => c.end());
  if (init) {
    await c.run("init", "--city", name, "--handle", handle ?? name.toLowerCase(), "--steward", steward, "--language", languages, ...init);
  }
  await c.serve(init ? "/readyz" : "/healthz");
  return c;
}

class City {
  log = "";
  #process;
  #exited;

  constructor(url, dir, settings) {
    this.url = url;
    this.origin = url;
    this.dir = dir;
    this.env = environment({
      KONFA_CONFIG: join(dir, "konfa.toml"),
      ...Object.fromEntries(Object.entries(settings).map(([k, v]) => ["KONFA_" + k.toUpperCase(), v])),
    });
  }

  /** Starts serving, and waits until the city is ready, or at least there. */
  async serve(ready = "/readyz") {
    // Should this process be killed, setpriv sees to it that the city goes too.
    const p = spawn("setpriv", ["--pdeathsig", "KILL", program, "serve"], { cwd: this.dir, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = p;
    this.#exited = new Promise((r) => p.on("exit", r));
    let ended = false;
    p.on("exit", () => { ended = true; });
    p.on("error", (e) => { ended = true; this.log += e.message; });
    for (const s of [p.stdout, p.stderr]) s.on("data", (b) => { this.log = (this.log + b).slice(-100_000); });
    await eventually(`konfa at ${this.url} is ready`, async () => {
      if (ended) return true;
      return (await fetch(this.url.replace(/\/\/[^:/]+/, "//127.0.0.1") + ready)).ok;
    });
    if (ended) throw new Error("konfa ended:\n" + this.log);
  }

  /** Stops serving; what is stored stays. */
  async stop() {
    if (!this.#process) return;
    this.#process.kill("SIGTERM");
    const late = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    await this.#exited;
    clearTimeout(late);
    this.#process = undefined;
  }

  async end() {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
    if (/DATA RACE|^panic:/m.test(this.log)) throw new Error("konfa wrote:\n" + this.log);
  }

  /** Runs a command beside the running city, and returns what --json prints. */
  async run(...args) {
    const { stdout } = await this.#exec(["--json", ...args]);
    return stdout.trim() ? JSON.parse(stdout) : undefined;
  }

  #exec(args) {
    return new Promise((resolve, reject) => {
      execFile(program, args, { cwd: this.dir, env: this.env, timeout: within, maxBuffer: 64 << 20 }, (err, stdout, stderr) => {
        if (err) reject(new Error(`konfa ${args.join(" ")}: ${stderr || err.message}`));
        else resolve({ stdout, stderr });
      });
    });
  }

  /** Gives someone an account. */
  member(handle, { name, role = "member", email } = {}) {
    return this.run("member", "add", handle, "--role", role, ...(name ? ["--name", name] : []), ...(email ? ["--email", email] : []));
  }

  /**
   * Publishes a conference. More of what conf add takes goes into flags:
   * conference("Open evening", { capacity: 2, "title-in": "ru=Открытый вечер" }).
   */
  conference(title, flags = {}) {
    const all = { start: day(7, "19:00"), duration: "2h", ...flags };
    return this.run("conf", "add", "--title", title, ...options(all));
  }

  /** Signs a member in, as whoever opens an address of `konfa member login` does. */
  async signIn(page, handle) {
    const { url } = await this.run("member", "login", handle);
    await page.goto(url);
    await page.locator("main form button").first().click();
    await page.waitForURL((u) => !u.pathname.startsWith("/login"));
  }

  /**
   * A city that looks lived in: a steward ana, members boris and vera, six
   * conferences from the day after tomorrow to last month, two posts. It returns
   * the slugs of the conferences: { soon, next, full, online, past, called }.
   */
  async programme() {
    await this.member("boris", { name: "Boris Petrović", email: "boris@example.org" });
    await this.member("vera", { name: "Вера", email: "vera@example.org" });
    const add = async (title, flags) => (await this.conference(title, flags)).slug;
    const p = {};
    p.next = await add("Maps made by neighbours", {
      start: day(2, "18:30"), venue: "Dom omladine", street: "Makedonska 22", locality: "Beograd", lat: "44.8154", lon: "20.4633", tag: "maps,open-data",
      "title-in": ["ru=Карты, которые рисуют соседи", "sr=Mape koje crtaju komšije"], organiser: "boris", language: "en,sr",
      text: "Bring a laptop. We map **benches, fountains and ramps** around the centre, and eat afterwards.\n\n- 18:30 coffee\n- 19:00 mapping\n- 21:00 dinner",
      "text-in": ["ru=Берите ноутбук. Наносим на карту **скамейки, фонтаны и пандусы** в центре, а потом ужинаем.", "sr=Ponesi laptop. Mapiramo **klupe, česme i rampe** u centru, a posle idemo na večeru."],
    });
    p.soon = await add("Evening of short talks", {
      start: day(9, "19:00"), duration: "3h", venue: "Dorćol Platz", street: "Dobračina 59b", locality: "Beograd", lat: "44.8262", lon: "20.4612", capacity: 30, tag: "talks", cost: "free",
      "title-in": ["ru=Вечер коротких докладов", "sr=Veče kratkih predavanja"],
      text: "Ten minutes each, then questions. Talks are in English, Russian or Serbian; somebody always translates.",
      "text-in": ["ru=По десять минут, потом вопросы.", "sr=Po deset minuta, pa pitanja."],
    });
    p.full = await add("Bread for beginners", { start: day(12, "11:00"), venue: "Kuhinja", capacity: 1, join: "restricted", tag: "food" });
    p.online = await add("Reading group", { start: day(16, "20:00"), online: "https://call.example/reading", language: "ru", lang: "ru", "title-in": "en=Reading group online", tag: "books" });
    p.called = await add("Cycling to Zemun", { start: day(20, "10:00"), venue: "Ušće", tag: "outdoors" });
    await this.run("conf", "cancel", p.called, "--message", "The bridge is closed. See you next month.");
    p.past = await add("First meeting", { start: day(-30, "19:00"), venue: "Kafana" });
    await this.run("post", "add", "Thank you all for coming to the first meeting! Next time we bring **more chairs**.");
    await this.run("post", "add", "Looking for a room for forty people in March. Tell @ana.");
    await this.run("conf", "join", p.soon, "--as", "vera");
    await this.run("conf", "join", p.full, "--as", "boris");
    return p;
  }
}

/** Flags of the command line from an object: { tag: "a,b", "title-in": ["ru=…"] }. */
function options(o) {
  return Object.entries(o).flatMap(([k, v]) => (v === true ? [`--${k}`] : [v].flat().map((x) => `--${k}=${x}`)));
}

/** A day from now on with a time, as conf add wants it: day(7, "19:00"). */
export function day(n, time) {
  const d = new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10);
  return time ? `${d}T${time}` : d;
}
