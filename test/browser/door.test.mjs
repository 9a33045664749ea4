// What is shown of a conference elsewhere (card, codes, flyer), and its door.
import assert from "node:assert/strict";
import { before } from "node:test";
import { eventually, found } from "./city.mjs";
import { everyWay, fine } from "./look.mjs";
import { qr } from "./read.mjs";

let city;
before(async () => {
  city = await found();
});

/** Someone says to come, without an account; the address where they change it. */
async function comes(page, slug, name, plus = 0) {
  await page.goto(`${city.url}/conf/${slug}`);
  const answer = await page.evaluate(async ([path, form]) => {
    const r = await fetch(path, { method: "POST", body: new URLSearchParams(form) });
    return r.url;
  }, [`/conf/${slug}/come`, { answer: "going", contact: `${encodeURIComponent(name)}@example.org`, name, plus: String(plus) }]);
  assert.match(answer, /\/rsvp\//);
  return answer.split("?")[0];
}

everyWay("codes and flyers can be read", () => city, async ({ page, way }) => {
  const conf = await city.conference(`Evening of codes ${way.id}`);
  const address = `${city.url}/conf/${conf.slug}`;
  await page.goto(address);
  const code = page.locator("img.qr");
  await code.scrollIntoViewIfNeeded();
  await eventually("the code is loaded", () => code.evaluate((i) => i.complete && i.naturalWidth > 0));
  assert.equal(qr(await code.screenshot()), address);
  const card = await page.locator("meta[property='og:image']").getAttribute("content");
  const picture = await page.request.get(card);
  assert.equal(picture.headers()["content-type"], "image/png");
  await page.locator("a[href$='/flyer']").click();
  await fine(page, "flyer");
  assert.equal(qr(await page.locator("svg.qr").screenshot()), address);
  if (way.device === "phone") return; // nobody prints on a sheet of that size
  await page.emulateMedia({ media: "print" });
  assert.equal(qr(await page.locator("svg.qr").screenshot()), address);
});

everyWay("the door", () => city, async ({ page, way }) => {
  const conf = await city.conference(`Evening at the door ${way.id}`);
  await comes(page, conf.slug, "Đorđe Šećerović", 2);
  const ticket = await comes(page, conf.slug, "Ева Смирнова");
  await city.signIn(page, "ana");
  await page.goto(`${city.url}/desk/conf/${conf.slug}/door`);
  const inside = page.locator("[data-inside]");
  const is = (n) => eventually(`${n} are inside`, async () => (await inside.textContent()) === String(n));
  const row = (name) => page.locator(".door-list li", { hasText: name });
  await is(0);
  await fine(page, "door");

  await page.locator("#q").fill("sec dor");
  if (!way.js) await page.locator("#q").press("Enter");
  await eventually("one is found", async () => (await page.locator("[data-rows] li").count()) === 1);
  await row("Đorđe").locator("button").click();
  await is(3);
  await row("Đorđe").locator("button").click();
  await is(0);
  await page.goto(`${city.url}/desk/conf/${conf.slug}/door`);

  await page.locator("#ticket").fill(ticket);
  await page.locator("#ticket").press("Enter");
  await is(1);
  await page.locator("#name").fill("Vera");
  await page.locator("#plus").fill("1");
  await page.locator("#plus").press("Enter");
  await is(3);
  await fine(page, "door-inside");
  await row("Vera").locator("button").click();
  await is(1);
  if (!way.js) return;

  // Without a network it goes on; what was noted is sent once there is one.
  await page.context().setOffline(true);
  await row("Đorđe").locator("button").click();
  await is(4);
  await page.locator("[data-net]").waitFor();
  await fine(page, "door-offline");
  await page.context().setOffline(false);
  await page.locator("[data-net]").waitFor({ state: "hidden" });
  await page.reload();
  await is(4);
});
