// A real OpenID Connect provider on loopback.
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { ending, freePort } from "./city.mjs";

/**
 * Starts a provider for one client. Whoever signs in there types a name and any
 * password; accounts says what the provider tells of them:
 * { lena: { name: "Lena", email: "lena@example.org", email_verified: true } }.
 * It returns { issuer, client_id, client_secret, login(page, name) }.
 */
export async function provider({ redirects, accounts = {}, client_id = "konfa", client_secret = "a secret of the tests" }) {
  const issuer = `http://localhost:${await freePort()}`;
  const oidc = new Provider(issuer, {
    clients: [{ client_id, client_secret, redirect_uris: redirects, grant_types: ["authorization_code"], response_types: ["code"] }],
    claims: { openid: ["sub"], profile: ["name", "preferred_username", "locale"], email: ["email", "email_verified"] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...accounts[sub] }) }),
    conformIdTokenClaims: false,
    cookies: { keys: ["for tests"] },
  });
  const server = createServer(oidc.callback());
  await new Promise((r) => server.listen(+new URL(issuer).port, "127.0.0.1", r));
  ending(() => new Promise((r) => { server.closeAllConnections(); server.close(r); }));
  return {
    issuer, client_id, client_secret,
    /** Signs in on the provider's pages, and says yes to what is asked there. */
    async login(page, name) {
      await page.locator("input[name=login]").fill(name);
      await page.locator("input[name=password]").fill("any");
      await page.locator("button[type=submit]").click();
      await page.locator("button[type=submit]").click();
    },
  };
}
