// Looking through what is on: lists, months, words, calendars and frames.
import assert from "node:assert/strict";
import { before } from "node:test";
import { found } from "./city.mjs";
import { everyWay, fine } from "./look.mjs";

let city, p;
before(async () => {
  city = await found();
  p = await city.programme();
});

everyWay("finding and exploring", () => city, async ({ page }) => {
  await page.goto(city.url + "/search");
  await fine(page, "search-empty");
  await page.locator("main input[name=q]").fill("ramps");
  await page.locator("main form button").first().click();
  await page.waitForURL(/\/search\?q=ramps/);
  assert.ok(await page.locator("main mark").count() > 0, "the words are marked");
  await fine(page, "search");
  await page.goto(city.url + "/search?q=zzzz");
  assert.equal(await page.locator(".empty").count(), 1, "an empty search helps");
  await fine(page, "search-nothing");

  await page.goto(city.url + "/conf?view=calendar");
  assert.equal(await page.locator("table.grid caption").count(), 1);
  await fine(page, "calendar");
  const month = await page.locator("table.grid caption").innerText();
  await page.locator(".grid-nav a[rel~=next]").click();
  await page.waitForURL(/month=/);
  assert.notEqual(await page.locator("table.grid caption").innerText(), month, "another month");

  await page.goto(city.url + "/conf?tag=maps&online=1");
  await fine(page, "chosen");
  await page.locator(".chips a[href='/conf?tag=maps']").click();
  await page.waitForURL(/\/conf\?tag=maps$/);
  assert.ok(await page.locator(".card").count() > 0, "without the condition there is more");
  for (const [name, path] of Object.entries({ places: "/conf?view=map", "world-calendar": "/world?view=calendar" })) {
    await page.goto(city.url + path);
    await fine(page, name);
  }
});

everyWay("calendars and frames", () => city, async ({ page }) => {
  await page.goto(city.url + "/subscribe?tag=maps");
  assert.match(await page.locator(".ways a[href^='webcal:']").getAttribute("href"), /\/conf\.ics\?tag=maps$/);
  await fine(page, "subscribe");
  await page.goto(city.url + `/embed?conf=${p.next}`);
  const frame = page.frameLocator("iframe.preview");
  assert.match(await frame.locator("h1 a").getAttribute("href"), new RegExp(`/conf/${p.next}`));
  await fine(page, "embed");
  await page.goto(city.url + "/embed/conferences");
  assert.ok(await page.locator("li").count() > 0);
});
