// Every page that strangers see, and signing in.
import assert from "node:assert/strict";
import { before } from "node:test";
import { found } from "./city.mjs";
import { everyWay, fine } from "./look.mjs";

let city, p;
before(async () => {
  city = await found();
  p = await city.programme();
});

everyWay("the public pages", () => city, async ({ page, way }) => {
  const pages = {
    front: "/", conferences: "/conf", past: "/conf?when=past", conference: `/conf/${p.next}`, cancelled: `/conf/${p.called}`, posts: "/posts",
    about: "/about", member: "/people/boris", tag: "/tags/maps", world: "/world", cities: "/world/cities", api: "/api", follow: "/follow", login: "/login",
  };
  for (const [name, path] of Object.entries(pages)) {
    const answer = await page.goto(city.url + path);
    assert.equal(answer.status(), 200, path);
    assert.equal((await page.locator("html").getAttribute("lang")).slice(0, 2), way.lang);
    assert.equal(await page.locator("h1").count(), 1, `${path} has one h1`);
    await fine(page, name);
  }
  await page.goto(city.url + "/nowhere");
  await fine(page, "missing");
});

everyWay("signing in and out", () => city, async ({ page, way }) => {
  await city.signIn(page, "ana");
  assert.equal(new URL(page.url()).pathname, "/desk");
  await fine(page, "desk");
  await page.locator("header .who summary").click();
  await page.locator("header .who button").click();
  await page.waitForURL(city.url + "/");
  assert.equal(await page.locator("header .who a[href^='/login']").count(), 1, "signed out");
  assert.ok(way);
});
