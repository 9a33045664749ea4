// Mail, from a real mail server, read by other people's programs: letters to a
// guest from the first to the last, with calendars; the waiting list; mail that
// somebody wants no more; a city without a mail server.
import assert from "node:assert/strict";
import { before } from "node:test";
import ICAL from "ical.js";
import { day, eventually, found } from "./city.mjs";
import { axe, everyWay, fine, fits, shot, visitor } from "./look.mjs";
import { catcher } from "./mail.mjs";
import { calendar } from "./read.mjs";

let city, silent, mail;
before(async () => {
  mail = await catcher();
  city = await found({ smtp: mail.url });
  silent = await found({ name: "Phuket" });
  await city.member("mira", { name: "Mira Jovanović", email: "mira@example.org" });
});

const state = ".come-state";
const script = { en: /[A-Za-z]/, ru: /[А-Яа-я]/, sr: /[A-Za-zčćšž]/ };

// What somebody would type into the form of a page, sent as their browser would.
async function comes(page, at, slug, who, address) {
  await page.goto(`${at.url}/conf/${slug}`);
  await page.locator("#name").fill(who);
  await page.locator("#contact").fill(address);
  await page.locator(".come-form button[value=going]").click();
}

const rsvp = (letter) => letter.links.find((l) => l.includes("/rsvp/"));

// What every letter owes its reader.
function whole(letter, lang, address) {
  assert.equal(letter.headers.get("content-language"), lang);
  assert.equal(letter.headers.get("auto-submitted"), "auto-generated");
  assert.deepEqual(letter.envelope.to, [address]);
  assert.ok(letter.subject && letter.messageId && letter.date);
  assert.match(letter.html, new RegExp(`<html lang="${lang}">`));
  assert.doesNotMatch(letter.html, /<script|<img|https?:\/\/(?!localhost)/, "nothing is fetched, nobody is counted");
  for (const part of [letter.text, letter.html.replace(/<[^>]*>/g, "")]) assert.match(part, script[lang]);
  for (const l of letter.links) assert.ok(letter.html.includes(l), `${l} is in the HTML too`);
  assert.equal(letter.text.includes("<no value>") || letter.html.includes("<no value>"), false);
}

// The buttons of a letter that are meant to be clicked first.
const buttons = (letter) => [...letter.html.matchAll(/<a href="([^"]+)" style="display:inline-block[^"]*background:/g)].map((m) => m[1]);

// The event and the method of the calendar in a letter.
function invite(letter) {
  assert.ok(letter.calendar, `a calendar in ${letter.subject}`);
  const root = new ICAL.Component(ICAL.parse(letter.calendar));
  const [event, ...more] = calendar(letter.calendar);
  assert.equal(more.length, 0);
  return { event, method: root.getFirstPropertyValue("method") };
}

const wall = (event) => `${event.startDate.year}-${String(event.startDate.month).padStart(2, "0")}-${String(event.startDate.day).padStart(2, "0")}T${String(event.startDate.hour).padStart(2, "0")}:${String(event.startDate.minute).padStart(2, "0")}`;

// The letter of a page at the desk, alone: shut in, and good to read in both
// themes. Where it is shut in no script runs, nor does axe; a twin is looked at.
async function alone(at, page, way, said, name) {
  const src = at.url + (await page.locator(".letter-frame").getAttribute("src"));
  const got = await page.request.get(src);
  assert.match(got.headers()["content-security-policy"], /default-src 'none'.*sandbox(?!.*allow-scripts)/);
  const twin = await visitor(at, { lang: way.lang, device: way.device });
  await twin.page.setContent(await got.text());
  assert.ok((await twin.page.locator("body").innerText()).includes(said));
  await fits(twin.page);
  await axe(twin.page, { without: letters });
  await shot(twin.page, `${name}-${way.id}`);
  await twin.close();
}
// Programs for mail put letters into pages of their own, with landmarks and headings.
const letters = { region: "no page", "landmark-one-main": "no page", "page-has-heading-one": "no page" };

everyWay("letters to a guest, from the first to the last", () => city, async ({ page, context, way }) => {
  const conf = await city.conference(`Sa čajem ${way.id}`, { start: day(9, "19:00"), venue: "Dom omladine" });
  const address = `eva-${way.id}@example.org`;
  await comes(page, city, conf.slug, "Eva", address);
  await page.waitForURL(/came=mail/);

  const first = await mail.next(address);
  whole(first, way.lang, address);
  assert.equal(first.headers.has("list"), false, "nobody can turn off the question whether it is them");
  assert.equal(first.calendar, undefined);
  assert.deepEqual(buttons(first), [rsvp(first)], "one button");
  await page.goto(rsvp(first));
  await fine(page, "confirm");
  await page.locator("button[value=confirm]").click();
  await page.locator(`${state}.going`).waitFor();
  await fine(page, "going");

  const seat = await mail.next(address);
  whole(seat, way.lang, address);
  const invited = invite(seat);
  assert.equal(invited.method, "REQUEST");
  assert.equal(wall(invited.event), day(9, "19:00"));
  assert.equal(invited.event.startDate.zone.tzid, "Europe/Belgrade");
  assert.match(seat.raw, /text\/calendar;[^\n]*(\n\s[^\n]*)*method="?REQUEST/i);
  const [attendee] = invited.event.attendees;
  assert.equal(attendee.getFirstValue(), `mailto:${address}`);
  assert.equal(attendee.getParameter("partstat"), "ACCEPTED");

  // It is moved at the desk, with a word.
  const word = `Krov curi (${way.id}).\nСайт: https://example.org/krov`;
  await city.signIn(page, "ana");
  await page.goto(`${city.url}/desk/conf/${conf.slug}/move`);
  await page.locator("[name=start_date]").fill(day(10));
  await page.locator("[name=start_time]").fill("20:30");
  await page.locator("[name=end_date]").fill(day(10));
  await page.locator("[name=end_time]").fill("22:00");
  await page.locator("[name=message]").fill(word);
  await page.locator("form.writing button").first().click();
  await page.waitForURL(/done=/);
  const changed = await mail.next(address);
  assert.equal(changed.headers.get("content-language"), way.lang);
  for (const said of word.split("\n")) assert.ok(changed.text.includes("> " + said), `${said} in ${changed.text}`);
  assert.ok(changed.html.includes(`Krov curi (${way.id}).`));
  const moved = invite(changed);
  assert.equal(moved.method, "REQUEST");
  assert.equal(moved.event.uid, invited.event.uid);
  assert.ok(moved.event.sequence > invited.event.sequence, `${moved.event.sequence} > ${invited.event.sequence}`);
  assert.equal(wall(moved.event), day(10, "20:30"));
  assert.equal(moved.event.startDate.zone.tzid, "Europe/Belgrade");

  // It is called off.
  await page.goto(`${city.url}/desk/conf/${conf.slug}/call-off`);
  await page.locator("[name=message]").fill("Žao nam je.");
  await page.locator("form.writing button").click();
  await page.waitForURL(/done=called_off/);
  const off = await mail.next(address);
  assert.equal(off.headers.get("content-language"), way.lang);
  assert.ok(off.text.includes("> Žao nam je."));
  const gone = invite(off);
  assert.equal(gone.method, "CANCEL");
  assert.equal(gone.event.uid, invited.event.uid);
  assert.equal(gone.event.component.getFirstPropertyValue("status"), "CANCELLED");
  assert.ok(gone.event.sequence > moved.event.sequence);
  assert.equal(mail.to(address).length, 4, "and no letter more");

  // The log of it at the desk, and a letter as its reader saw it.
  await page.goto(`${city.url}/desk/mail?conf=${conf.slug}`);
  assert.equal(await page.locator(".letters > li").count(), 4);
  await eventually("all of them are sent", async () => {
    await page.reload();
    return (await page.locator(".letters .letter-sent").count()) === 4;
  });
  await fine(page, "desk");
  await page.locator(".letter-name").nth(1).click();
  assert.equal((await page.locator(".letter-text").textContent()).trim(), changed.text.trim());
  await page.frameLocator(".letter-frame").getByText(`Krov curi (${way.id}).`).waitFor();
  await fine(page, "letter");
  await alone(city, page, way, `Krov curi (${way.id}).`, "letter-alone");
});

everyWay("a seat that is offered", () => city, async ({ page, way }) => {
  const conf = await city.conference(`Za dvoje ${way.id}`, { capacity: 1 });
  // How long a seat is kept is said at the desk.
  await city.signIn(page, "ana");
  await page.goto(`${city.url}/desk/conf/${conf.slug}`);
  await page.locator("[name=offer_hours]").evaluate((s) => { s.closest("details").open = true; });
  await page.locator("[name=offer_hours]").selectOption("12");
  await page.locator(".save-bar button").first().click();
  await page.waitForURL(/done=/);
  await page.context().clearCookies();

  const links = {};
  for (const who of ["ada", "ben"]) {
    const address = `${who}-${way.id}@example.org`;
    await comes(page, city, conf.slug, who, address);
    await page.waitForURL(/came=mail/);
    links[who] = rsvp(await mail.next(address));
    await page.goto(links[who]);
    await page.locator("button[value=confirm]").click();
    await page.locator(`${state}.${who === "ada" ? "going" : "waitlisted"}`).waitFor();
    const next = await mail.next(address);
    whole(next, way.lang, address);
    assert.equal(Boolean(next.calendar), who === "ada", "who waits has nothing for the calendar yet");
  }
  await fine(page, "waiting");
  await page.goto(links.ada);
  await page.locator("#answer-no").check();
  await page.locator(".come-change .actions button").click();
  await page.locator(`${state}.no`).waitFor();
  await fine(page, "left");
  const left = invite(await mail.next(`ada-${way.id}@example.org`));
  assert.equal(left.method, "CANCEL");

  const offer = await mail.next(`ben-${way.id}@example.org`);
  whole(offer, way.lang, `ben-${way.id}@example.org`);
  assert.equal(buttons(offer).length, 1, "one button");
  await page.goto(buttons(offer)[0]);
  await page.locator(`${state}.offered`).waitFor();
  await fine(page, "offered");
  await page.locator("button[value=take]").click();
  await page.locator(`${state}.going`).waitFor();
  const taken = await mail.next(`ben-${way.id}@example.org`);
  assert.equal(invite(taken).method, "REQUEST");
});

everyWay("mail that is wanted no more", () => city, async ({ page, way }) => {
  const conf = await city.conference(`Pisma ${way.id}`);
  const address = `iva-${way.id}@example.org`;
  await comes(page, city, conf.slug, "Iva", address);
  await page.waitForURL(/came=mail/);
  await page.goto(rsvp(await mail.next(address)));
  const link = page.url();
  await page.locator("button[value=confirm]").click();
  await page.locator(`${state}.going`).waitFor();
  await mail.next(address);

  // Whether they still come is asked at the desk.
  await city.signIn(page, "ana");
  await page.goto(`${city.url}/desk/conf/${conf.slug}/guests`);
  await page.locator("button[value=ask]").click();
  await page.waitForURL(/did=ask/);
  await page.context().clearCookies();
  const asked = await mail.next(address);
  whole(asked, way.lang, address);
  const header = asked.headers.get("list");
  const stop = header.unsubscribe.url;
  assert.ok(stop.startsWith(city.url + "/mail/"), stop);
  assert.match(asked.raw, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m);
  assert.deepEqual(buttons(asked), [link + "/still"], "one button");

  await page.goto(buttons(asked)[0]);
  await fine(page, "still");
  await page.goto(link + "/still?no=1");
  await fine(page, "still-no");
  await page.goto(link + "/still");
  await page.locator("button[value=going]").click();
  await page.waitForURL(/said=1/);
  await page.locator(".saved").waitFor();
  await fine(page, "still-said");

  // By hand, then by the button of a program for mail (RFC 8058 §3.2).
  await page.goto(stop);
  const ticks = page.locator("[name=want]");
  const ticked = () => ticks.evaluateAll((t) => t.filter((x) => x.checked).map((x) => x.value));
  assert.deepEqual(await ticked(), ["reminder", "reconfirm", "message", "thanks"]);
  await fine(page, "choice");
  await page.locator("[name=want][value=thanks]").uncheck();
  await page.locator("form[action^='/mail/'] button").first().click();
  await page.locator(".saved").waitFor();
  assert.deepEqual(await ticked(), ["reminder", "reconfirm", "message"]);
  await fine(page, "choice-saved");
  const click = await fetch(stop.replace("//localhost", "//127.0.0.1"), { method: "POST", body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }), redirect: "manual" });
  assert.ok(click.ok, `${click.status}`);
  await page.goto(stop);
  assert.deepEqual(await ticked(), []);
  const known = await page.goto(stop + "A");
  assert.equal(known.status(), 404);
  await fine(page, "choice-wrong");

  // A message of the organisers does not reach who wants none.
  await city.signIn(page, "ana");
  await page.goto(`${city.url}/desk/conf/${conf.slug}/guests/message`);
  await page.locator("[name=text]").fill("Ponesite čaše.");
  await page.locator("button[value=preview]").click();
  await page.locator("button[value=send]").waitFor();
  await page.locator("button[value=send]").click();
  await page.waitForURL(/did=message/);
  assert.equal(mail.to(address).length, 3, "no message");
});

everyWay("mail of a member", () => city, async ({ page, way }) => {
  await city.signIn(page, "mira");
  await page.goto(city.url + "/me");
  await page.locator(".desk-nav a[href='/me/mail']").click();
  const ticks = page.locator("[name=want]");
  await ticks.first().waitFor();
  await fine(page, "mine");
  await page.locator("[name=want][value=message]").setChecked(false);
  await page.locator("form[action='/me/mail'] button").first().click();
  await page.locator(".saved").waitFor();
  assert.equal(await page.locator("[name=want][value=message]").isChecked(), false);
  assert.equal(await page.locator("[name=want]:checked").count(), 3);
  await fine(page, "mine-saved");
  await page.locator("form[action='/me/mail'] button[name=all]").click();
  await page.locator(".saved").waitFor();
  assert.equal(await page.locator("[name=want]:checked").count(), 0);
  for (let i = 0; i < 4; i++) await ticks.nth(i).check();
  await page.locator("form[action='/me/mail'] button").first().click();
  await page.locator(".saved").waitFor();
  assert.equal(await page.locator("[name=want]:checked").count(), 4);
});

everyWay("letters where there is no mail server", () => silent, async ({ page, way }) => {
  const conf = await silent.conference(`Plaža ${way.id}`, { start: day(3, "09:00") });
  await comes(page, silent, conf.slug, "Нок", `nok-${way.id}@example.org`);
  await page.waitForURL(/\/rsvp\//);
  await silent.signIn(page, "ana");
  await page.goto(`${silent.url}/desk/mail?conf=${conf.slug}`);
  await page.locator(".letters .letter-kept").first().waitFor();
  await fine(page, "kept");
  await page.locator(".letter-name").first().click();
  await page.locator(".letter-text").waitFor();
  assert.ok((await page.locator(".letter-text").textContent()).includes(`Plaža ${way.id}`));
  await page.frameLocator(".letter-frame").getByText(`Plaža ${way.id}`).first().waitFor();
  await fine(page, "kept-letter");
  await alone(silent, page, way, `Plaža ${way.id}`, "kept-alone");

  // Half typed, where to write a test to.
  await page.goto(`${silent.url}/desk/mail`);
  await fine(page, "all-kept");
  const form = page.locator("form", { has: page.locator("[name=address]") });
  await form.evaluate((f) => { f.noValidate = true; });
  await page.locator("[name=address]").fill("nobody");
  await form.locator("button").click();
  await page.locator("#problems").waitFor();
  assert.equal(await page.locator("[name=address]").inputValue(), "nobody");
  await fine(page, "test-wrong");
}, { devices: ["phone"] });
