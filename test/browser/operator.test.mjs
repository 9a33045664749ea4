// What stewards see of the machine, and how they change the city.
import assert from "node:assert/strict";
import { before } from "node:test";
import { eventually, found } from "./city.mjs";
import { everyWay, fine } from "./look.mjs";

let city, phuket;

before(async () => {
  city = await found();
  await city.member("bo", { name: "Bo" });
  phuket = await found({ name: "Phuket", steward: "mai", host: "127.0.0.1" });
  await phuket.run("follow", city.url);
  await eventually("Phuket follows", async () => (await city.run("followers")).length > 0);
});

everyWay("looking after the machine", () => city, async ({ page, city, way }) => {
  await city.signIn(page, "ana");
  await page.goto(city.url + "/desk/health");
  await page.locator(".findings .well").first().waitFor();
  assert.equal(await page.locator(".findings .ill").count(), 0, "something is broken");
  await fine(page, "health");
  await page.locator(".verdict button").click();
  await page.locator(".findings .well").first().waitFor();

  await page.goto(city.url + "/desk/health/servers");
  await page.locator(".servers a").first().click();
  await page.locator(".panel").waitFor();
  await fine(page, "servers");

  await page.goto(city.url + "/desk/health/storage");
  await page.locator("form[action='/desk/health/storage'] button").click();
  await page.waitForURL(/made=1/);
  await page.locator(".saved").waitFor();
  await fine(page, "storage");
  assert.match(await page.locator(".servers").innerText(), /konfa-\d{8}-\d{6}\.backup/);
});

everyWay("changing the city", () => city, async ({ page, city, way }) => {
  await city.signIn(page, "ana");
  await page.goto(city.url + "/desk/city");
  await fine(page, "city");
  const about = `We meet on Thursdays (${way.id}).`;
  await page.locator("[name=about_en]").fill(about);
  await page.locator("[name=country]").fill("1");
  await page.locator("form.city-form button").last().click();
  await page.locator("#problems a[href='#country']").waitFor();
  assert.equal(await page.locator("[name=about_en]").inputValue(), about);
  await fine(page, "problems");
  await page.locator("[name=country]").fill("RS");
  await page.locator("[name=accent]").fill("#1f5fa4");
  await page.locator("form.city-form button").last().click();
  await page.waitForURL(/saved=1/);
  await page.goto(city.url + "/about?lang=en");
  await page.getByText(about).waitFor();
});

everyWay("statistics", () => city, async ({ page, city, way }) => {
  await city.signIn(page, "ana");
  await page.goto(city.url + "/desk/statistics");
  await fine(page, "statistics");
}, { devices: ["phone"], js: [true] });
