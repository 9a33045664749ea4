// Founding a city in a browser, from the address that serve prints to the first
// follower, who is a real city.
import assert from "node:assert/strict";
import { before } from "node:test";
import { eventually, found } from "./city.mjs";
import { everyWay, fine } from "./look.mjs";

let phuket;

before(async () => {
  phuket = await found({ name: "Phuket", steward: "mai", host: "127.0.0.1" });
});

everyWay("the first run", () => found({ init: null }), async ({ page, way, city }) => {
  const [address] = city.log.match(/http:\/\/\S+\/setup\/\S+/);
  await page.goto(address + `?lang=${way.lang}`);
  await fine(page, "address");
  await page.locator("main form button").first().click();

  // Half typed: everything comes back, with the fields named.
  await page.locator("[name=about]").fill("Мы встречаемся по четвергам");
  await page.locator("[name=name]").fill("Nowhere in particular");
  await page.locator("main form button").first().click();
  await page.locator("#problems").waitFor();
  assert.equal(await page.locator("[name=about]").inputValue(), "Мы встречаемся по четвергам");
  await fine(page, "problems");
  await page.locator("[name=name]").fill("Belgrade");
  await page.locator("[name=handle]").fill("belgrade");
  await page.locator("main form button").first().click();

  await page.locator("[name=my_name]").fill("Ana Petrović");
  await page.locator("[name=my_handle]").fill("ana");
  await fine(page, "you");
  await page.locator("[name=step][value=you]").click();

  await page.waitForURL(/setup\?step=rules/);
  await page.locator("[name=joining][value=apply]").check();
  await fine(page, "rules");
  await page.locator("main form button").first().click();

  await page.waitForURL(/setup\?step=first/);
  await page.locator("[name=title]").fill("An evening of maps");
  await page.locator("[name=date]").fill("2099-05-01");
  await page.locator("[name=place]").fill("Library");
  await fine(page, "first");
  await page.locator("main form button").first().click();

  await page.waitForURL(/setup\?step=proof/);
  await fine(page, "proof");
  await phuket.run("follow", city.url);
  if (way.js) {
    await page.locator(".live.some").waitFor();
  } else {
    await eventually("the follower is seen", async () => {
      await page.locator("a[href='/setup?step=proof']").click();
      return page.locator(".live.some").count();
    });
  }
  await page.locator("a.button[href='/desk']").click();
  await page.goto(city.url + "/conf");
  await page.getByText("An evening of maps").first().waitFor();
});
