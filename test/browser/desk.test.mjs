// Stewards write conferences and posts, and see to what waits for them.
import assert from "node:assert/strict";
import { before } from "node:test";
import { found } from "./city.mjs";
import { everyWay, fine } from "./look.mjs";

// All that can be said of a conference is in one form, and comes with it.
const form = { heavy: true };

let city;
before(async () => { city = await found(); });

everyWay("a conference is written, repeated and called off", () => city, async ({ page, way }) => {
  await city.signIn(page, "ana");
  await page.goto(city.url + "/desk");
  await fine(page, "home");
  await page.goto(city.url + "/desk/conf/new");
  await fine(page, "new", form);
  // Half of it: the page comes back with what was typed.
  await page.locator("[name^='title.']").fill(`Chess ${way.id}`);
  await page.locator("[name^='text.']").fill("Bring **pieces**.");
  await page.locator("form.writing").evaluate((f) => { f.noValidate = true; });
  await page.locator(".save-bar [value=publish]").click();
  await page.locator("#problems").waitFor();
  await fine(page, "wrong", form);
  assert.equal(await page.locator("[name^='title.']").inputValue(), `Chess ${way.id}`);
  await page.locator("[name=start_date]").fill("2031-06-05");
  await page.locator("[name=start_time]").fill("19:00");
  await page.locator("[name=venue_name]").fill("Tašmajdan");
  await page.locator(".save-bar [value=preview]").click();
  await page.locator(".mock").waitFor();
  await fine(page, "preview", form);
  await page.locator(".save-bar [value=draft]").click();
  await page.waitForURL(/done=saved/);
  await fine(page, "draft", form);
  await page.locator(".save-bar [value=publish]").click();
  await page.waitForURL(/done=published/);
  const at = new URL(page.url()).pathname;
  for (const part of ["preview", "move", "repeat", "offer", "call-off", "delete"]) {
    await page.goto(city.url + at + "/" + part);
    await fine(page, part);
  }
  await page.goto(city.url + at + "/call-off");
  await page.locator("[name=message]").fill("The roof leaks.");
  await page.locator("form.writing button").click();
  await page.waitForURL(/done=called_off/);
  await fine(page, "called-off", form);
  await page.locator("form[action$='/restore'] button").first().click();
  await page.waitForURL(/done=restored/);
  await page.goto(city.url + at.replace("/desk", ""));
  assert.equal(await page.getByText("The roof leaks.").count(), 0, "the word is gone with the reason for it");
  await page.goto(city.url + "/desk/conf");
  await fine(page, "list");
});

everyWay("a post is written", () => city, async ({ page, way }) => {
  await city.signIn(page, "ana");
  await page.goto(city.url + "/desk/posts/new");
  await fine(page, "post");
  const text = page.locator("[name^='text.']");
  await text.fill(`We met. *All* of us. ${way.id}`);
  if (way.js) {
    await text.pressSequentially(".");
    await page.locator(".live em").waitFor();
  }
  await page.locator(".save-bar [value=publish]").click();
  await page.waitForURL(/done=published/);
  await fine(page, "post-published");
  for (const path of ["posts", "replies", "mentions", "offers", "sisters"]) {
    await page.goto(city.url + "/desk/" + path);
    await fine(page, path);
  }
});
