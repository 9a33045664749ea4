// A mail server that keeps what it gets, read back by an independent parser.
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { ending, eventually } from "./city.mjs";

/**
 * Starts a mail server on loopback: catcher().url is for found({ smtp }). With
 * { user, pass } it wants them, with { tls: true } it offers STARTTLS, with
 * { refuse: (address) => true } it takes no mail for some.
 */
export async function catcher({ user, pass, tls = false, refuse = () => false } = {}) {
  const letters = [];
  const taken = new Set();
  const server = new SMTPServer({
    authOptional: !user,
    allowInsecureAuth: true,
    disabledCommands: [...(tls ? [] : ["STARTTLS"]), ...(user ? [] : ["AUTH"])],
    disableReverseLookup: true,
    onAuth: ({ username, password }, _, done) => (username === user && password === pass ? done(null, { user }) : done(new Error("wrong password"))),
    onRcptTo: ({ address }, _, done) => (refuse(address) ? done(Object.assign(new Error("no such mailbox"), { responseCode: 550 })) : done()),
    onData(stream, session, done) {
      const parts = [];
      stream.on("data", (b) => parts.push(b));
      stream.on("end", async () => {
        const raw = Buffer.concat(parts);
        try {
          const mail = await simpleParser(raw);
          letters.push({ envelope: { from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((r) => r.address) }, raw: raw.toString(), mail });
          done();
        } catch (e) {
          done(e);
        }
      });
    },
  });
  server.on("error", () => {}); // a client that hangs up
  await new Promise((resolve, reject) => server.listen(0, "127.0.0.1", (e) => (e ? reject(e) : resolve())));
  ending(() => new Promise((r) => server.close(r)));
  const { port } = server.server.address();
  return {
    letters,
    url: `smtp://${user ? `${encodeURIComponent(user)}:${encodeURIComponent(pass)}@` : ""}127.0.0.1:${port}`,
    /**
     * Waits for the next letter to an address that was not returned yet, of
     * those that want(letter) takes. What mailparser made of it is spread out:
     * subject, text, html, attachments, headers; raw, links and calendar beside it.
     */
    async next(to, want = () => true) {
      const l = await eventually(`a letter to ${to}`, () => letters.find((l) => !taken.has(l) && l.envelope.to.includes(to) && want(l.mail)));
      taken.add(l);
      const calendar = l.mail.attachments.find((a) => a.contentType.startsWith("text/calendar"));
      return {
        ...l.mail, raw: l.raw, envelope: l.envelope,
        links: [...new Set((l.mail.text ?? "").match(/https?:\/\/[^\s<>"')\]]+/g) ?? [])],
        calendar: calendar?.content.toString(),
      };
    },
    /** The letters to an address so far. */
    to: (address) => letters.filter((l) => l.envelope.to.includes(address)).map((l) => l.mail),
  };
}
