// Coming without an account: by e-mail, confirmed by a link; the waiting list, an
// offered seat; a member's one button; a city without mail.
import assert from "node:assert/strict";
import { before } from "node:test";
import { found } from "./city.mjs";
import { everyWay, fine, visitor } from "./look.mjs";
import { catcher } from "./mail.mjs";

let city, silent, mail;
before(async () => {
  mail = await catcher();
  city = await found({ smtp: mail.url });
  silent = await found({ name: "Phuket" });
  await city.member("mira", { name: "Mira Jovanović" });
});

const state = ".come-state";

everyWay("coming by e-mail", () => city, async ({ page, way }) => {
  const conf = await city.conference(`Open evening ${way.id}`, { capacity: 1 });
  const address = `${conf.slug}/conf`.replace(/\W/g, "-");
  const come = async (p, who, answer = "going") => {
    await p.goto(`${city.url}/conf/${conf.slug}`);
    await p.locator("#name").fill(who);
    await p.locator("#contact").fill(`${who}-${address}@example.org`);
    await p.locator(`.come-form button[value=${answer}]`).click();
    await p.waitForURL(/came=mail/);
    return mail.next(`${who}-${address}@example.org`);
  };
  // Half typed: the page comes back with it.
  await page.goto(`${city.url}/conf/${conf.slug}`);
  await fine(page, "form");
  await page.locator("#name").fill("Eva");
  await page.locator(".come-form button[value=maybe]").click(); // asks for nothing in the browser
  await page.locator("#problems").waitFor();
  assert.equal(await page.locator("#name").inputValue(), "Eva");
  assert.equal(await page.locator("#contact").getAttribute("aria-invalid"), "true");
  await fine(page, "wrong");

  const letter = await come(page, "eva");
  await fine(page, "asked");
  const link = letter.links.find((l) => l.includes("/rsvp/"));
  await page.goto(link);
  await fine(page, "confirm");
  await page.locator("button[value=confirm]").click();
  await page.locator(`${state}.going`).waitFor();
  await fine(page, "going");

  // The next one waits, and has the seat when the first leaves.
  const ben = await visitor(city, { lang: way.lang, js: way.js });
  const second = await come(ben.page, "ben");
  const other = ben.page;
  await other.goto(second.links.find((l) => l.includes("/rsvp/")));
  await other.locator("button[value=confirm]").click();
  await other.locator(`${state}.waitlisted`).waitFor();
  await page.locator("#answer-no").check();
  await page.locator(".come-change .actions button").click();
  await page.locator(`${state}.no`).waitFor();
  await other.reload();
  await other.locator(`${state}.going`).waitFor();
  assert.deepEqual(ben.wrong(), []);
  await ben.close();
});

everyWay("one button for a member", () => city, async ({ page, way }) => {
  const conf = await city.conference(`Chess ${way.id}`);
  await city.signIn(page, "mira");
  await page.goto(`${city.url}/conf/${conf.slug}`);
  assert.equal(await page.locator("#contact").count(), 0);
  await fine(page, "member");
  await page.locator(".come-form button[value=going]").click();
  await page.locator(`${state}.going`).waitFor();
  await fine(page, "member-going");
  await page.locator("#come .actions a").click();
  await page.locator("#answer-no").check();
  await page.locator(".come-change .actions button").click();
  await page.locator(`${state}.no`).waitFor();
});

everyWay("coming where there is no mail", () => silent, async ({ page, way }) => {
  const conf = await silent.conference(`Beach ${way.id}`);
  await page.goto(`${silent.url}/conf/${conf.slug}`);
  await page.locator("#name").fill("Нок");
  await page.locator("#contact").fill("nok@example.org");
  await page.locator(".come-form button[value=going]").click();
  await page.waitForURL(/\/rsvp\/.*new=1/);
  await page.locator(`${state}.going`).waitFor();
  assert.match(await page.locator(".answer .copy input").inputValue(), /\/rsvp\/[\w-]+$/);
  await fine(page, "kept");
}, { devices: ["phone"] });
