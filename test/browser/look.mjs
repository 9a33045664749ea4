// Browsers, the ways in which every journey is made, and what every page owes
// to those who look at it.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { ending } from "./city.mjs";

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const file = basename(process.argv[1] ?? "", ".test.mjs");
const screens = join(process.env.KONFA_TEST_SCREENS ?? join(import.meta.dirname, "../../bin/screens"), file);

// The languages that journeys are made in.
export const languages = ["en", "ru", "sr"];

export const devices = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  desktop: { viewport: { width: 1280, height: 900 }, deviceScaleFactor: 1 },
};

let launched;

/** The one browser of a test file. It ends with it, and with this process. */
export function browser() {
  launched ??= chromium.launch({
    executablePath: process.env.KONFA_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  return launched;
}
ending(async () => { if (launched) await (await launched).close(); });

let visitors = 0;

/**
 * A window of somebody new: nothing is kept from others, and it comes from an
 * address of its own, so that limits count as they do for people.
 *
 *   city     whose pages it sees; they may load nothing from elsewhere
 *   lang     "en", "ru", "sr"; device "phone" or "desktop"; js true or false
 *   allow    other origins that are meant to be seen, such as a sister city's
 *   options  of Playwright's newContext
 *
 * wrong() lists what went wrong in it so far: requests to elsewhere, scripts
 * that failed, breaches of the policy, missing files, 5xx.
 */
export async function visitor(city, { lang = "en", device = "desktop", js = true, allow = [], options = {} } = {}) {
  const n = ++visitors;
  const context = await (await browser()).newContext({
    ...devices[device], locale: { en: "en-GB", ru: "ru-RU", sr: "sr-Latn-RS" }[lang], timezoneId: "Europe/Belgrade", javaScriptEnabled: js,
    extraHTTPHeaders: { "X-Forwarded-For": `10.${(process.pid >> 4) & 255}.${n >> 8}.${n & 255}` },
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const faults = [];
  const ours = new Set([city.origin, ...allow]);
  const isOurs = (url) => /^(data|blob|about):/.test(url) || ours.has(new URL(url).origin);
  context.on("request", (r) => { if (!isOurs(r.url())) faults.push(`a request to elsewhere: ${r.method()} ${r.url()}`); });
  context.on("response", (r) => {
    if (r.status() >= 500 || (r.status() >= 400 && !r.request().isNavigationRequest())) faults.push(`${r.status()} ${r.url()}`);
  });
  context.on("console", (m) => {
    // A page that says 404 or 422 is one that a journey may want to see.
    // A letter at the desk is shut in a frame without scripts, those of this file too.
    if (/^Blocked script execution in '[^']*\/desk\/mail\/\d+\/html'/.test(m.text())) return;
    if (m.type() === "error" && !/^Failed to load resource/.test(m.text())) faults.push(`the console says: ${m.text()}`);
  });
  context.on("weberror", (e) => faults.push(`a script failed: ${e.error().stack ?? e.error()}`));
  const page = await context.newPage();
  return { context, page, wrong: () => faults, close: () => context.close() };
}

/**
 * Makes a journey in every way people come: in each language, on a phone and a
 * desktop, with and without JavaScript. The journey gets { page, context, way,
 * t, city }, where way has lang, device, js and an id such as "ru-phone-nojs",
 * good in names that must differ. city is a city or a function that returns one
 * (made in before()). Narrow it where a way makes no difference:
 * { langs: ["en"], devices: ["phone"], js: [true] }.
 */
export function everyWay(name, city, journey, { langs = languages, devices: on = Object.keys(devices), js = [true, false], allow = [], options = {} } = {}) {
  for (const lang of langs) for (const device of on) for (const script of js) {
    // English and Russian go every way; what Serbian adds shows in one.
    if (lang === "sr" && langs === languages && js.includes(true) && on.includes("phone") && !(script && device === "phone")) continue;
    const way = { lang, device, js: script, id: `${lang}-${device}-${script ? "js" : "nojs"}` };
    test(`${name} (${way.id})`, { timeout: 180_000 }, async (t) => {
      const c = typeof city === "function" ? await city() : city;
      const v = await visitor(c, { lang, device, js: script, allow, options });
      ways.set(v.context, way);
      try {
        await journey({ ...v, way, t, city: c });
        assert.deepEqual(v.wrong(), [], "what no page may do");
      } catch (e) {
        const pages = v.context.pages();
        for (const p of pages) {
          t.diagnostic(`at ${p.url()}`);
          await keep(p, `failed-${name.replace(/[^\p{L}\d]+/gu, "-").slice(0, 60)}-${way.id}`).catch(() => {});
        }
        for (const f of v.wrong()) t.diagnostic(f);
        t.diagnostic("konfa wrote: …" + c.log.slice(-3000));
        throw e;
      } finally {
        await v.close();
      }
    });
  }
}
const ways = new Map();

async function keep(page, name) {
  await mkdir(screens, { recursive: true });
  const path = join(screens, name + ".png");
  await page.screenshot({ path, fullPage: true, animations: "disabled", caret: "hide" });
  return path;
}

/**
 * Keeps pictures of a page, light and dark, in bin/screens/<file>/. Without
 * JavaScript pages look the same, so that way is left out.
 */
export async function shot(page, name) {
  const way = ways.get(page.context());
  if (way && !way.js) return;
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await keep(page, `${name}-${way ? `${way.lang}-${way.device}-` : ""}${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * axe-core finds nothing on the page, in light and in dark. Rules may be left
 * out with a reason: axe(page, { without: { region: "the map is a list too" } }).
 */
export async function axe(page, { without = {} } = {}) {
  const way = ways.get(page.context());
  // The page is the same in other languages, and axe takes its time.
  if (way?.js === false && way.lang !== languages[0]) return;
  if (way?.js === false) return withScripts(page, way, (p) => look(p, ["light"], without));
  return look(page, ["light", "dark"], without);
}

async function look(page, schemes, without) {
  const found = [];
  const cdp = await page.context().newCDPSession(page);
  const say = async (expression) => {
    // Through the debugger, as the policy of the pages lets nobody else in.
    const { result, exceptionDetails } = await cdp.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true, allowUnsafeEvalBlockedByCSP: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await say(axeSource + "; 0");
  const options = { runOnly: { type: "tag", values: rules }, rules: Object.fromEntries(Object.keys(without).map((r) => [r, { enabled: false }])), resultTypes: ["violations"] };
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme });
    const violations = JSON.parse(await say(`axe.run(document, ${JSON.stringify(options)}).then((r) => JSON.stringify(r.violations))`));
    for (const v of violations) for (const n of v.nodes) {
      found.push(`${colorScheme}: ${v.id}: ${v.help}: ${n.target.join(" ")} ${n.html.slice(0, 200)} ${n.any.concat(n.all, n.none).map((c) => c.message).join("; ")}`);
    }
  }
  await cdp.detach();
  await page.emulateMedia({ colorScheme: null });
  assert.deepEqual(found, [], `axe at ${page.url()}`);
}

// axe needs scripts. Where they are off, it looks at the very same page in a
// window where they are on, but none of the page's own.
async function withScripts(page, way, look) {
  const html = (await page.content()).replace(/<(\/?)noscript>/g, "<$1div>");
  const url = page.url();
  const context = await (await browser()).newContext({ ...devices[way.device], locale: way.lang });
  try {
    const twin = await context.newPage();
    await twin.route(url, (r) => r.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
    await twin.route("**/*.js", (r) => r.abort());
    await twin.goto(url);
    await look(twin);
  } finally {
    await context.close();
  }
}

/** The most that a page and its styles may be, in bytes as they are read. */
export const budget = 50_000;

/** HTML and CSS of a page are no bigger than the budget. */
export async function light(page) {
  const context = page.context();
  const get = async (url) => (await (await context.request.get(url)).body()).length;
  const html = await get(page.url());
  const sheets = await page.locator("link[rel=stylesheet]").evaluateAll((links) => links.map((l) => l.href));
  let css = 0;
  for (const url of sheets) css += await get(url);
  assert.ok(html + css <= budget, `${page.url()}: ${html} of HTML and ${css} of CSS are more than ${budget}`);
}

/** No part of a page is wider than its window: nobody scrolls sideways (WCAG 1.4.10). */
export async function fits(page) {
  const { wide, width, who } = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const who = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1 && !e.closest("[class*=scroll], .unseen, .skip, svg *")).slice(-3).map((e) => e.outerHTML.slice(0, 120));
    return { wide: document.documentElement.scrollWidth, width, who };
  });
  assert.ok(wide <= width, `${page.url()} is ${wide} wide in ${width}: ${who.join(" ")}`);
}

/**
 * All of the above at once, and pictures: what every page owes. Journeys call it
 * on each page they come to.
 */
export async function fine(page, name, { without, heavy = false } = {}) {
  await fits(page);
  if (!heavy) await light(page);
  await axe(page, { without });
  await shot(page, name);
}
