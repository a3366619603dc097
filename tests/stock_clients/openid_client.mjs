// Runs every grant with openid-client, from discovery alone; fails where a stock client would. Reads its orders as JSON.

import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { SignJWT } from "jose";
import * as client from "openid-client";

const order = JSON.parse(readFileSync(0, "utf8"));
const issuer = new URL(order.issuer);
const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };

const discover = (id, auth, metadata) => client.discovery(issuer, id, metadata, auth, options);

async function viewer(config, token, dpop) {
  const body = JSON.stringify({ query: "{ viewer { subject roles } }" });
  const headers = new Headers({ "content-type": "application/json" });
  const response = await client.fetchProtectedResource(
    config, token, new URL("/graphql", issuer), "POST", body, headers, dpop && { DPoP: dpop },
  );
  assert.equal(response.status, 200);
  return (await response.json()).data.viewer;
}

// A browser that keeps cookies, and stops where it is sent to the client.
async function browse(url, until) {
  const cookies = new Map();
  for (let next = url; ; ) {
    const response = await fetch(next, {
      redirect: "manual", headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
    });
    for (const each of response.headers.getSetCookie()) {
      const [name, value] = each.split(";")[0].split("=");
      cookies.set(name, value);
    }
    assert.equal(response.status, 302, await response.text());
    next = new URL(response.headers.get("location"), next);
    if (next.href.startsWith(until)) return next;
  }
}

async function signIn(config) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: order.back, state: expectedState, login_hint: order.user, code_challenge_method: "S256",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  });
  const back = await browse(url, order.back);
  return client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState });
}

async function key(pem, algorithm) {
  const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
}

const tests = {
  async "client credentials by client_secret_basic"() {
    const config = await discover(order.id, client.ClientSecretBasic(order.secret));
    const tokens = await client.clientCredentialsGrant(config);
    assert.deepEqual((await viewer(config, tokens.access_token)).roles, ["integrator"]);
  },

  async "client credentials by client_secret_post, with a scope"() {
    const config = await discover(order.id, client.ClientSecretPost(order.secret));
    const tokens = await client.clientCredentialsGrant(config, { scope: "graph:read" });
    assert.equal(tokens.scope, "graph:read");
  },

  async "client credentials by private_key_jwt"() {
    const signing = await key(order.key, { name: "ECDSA", namedCurve: "P-256" });
    const config = await discover(order.signer, client.PrivateKeyJwt(signing));
    assert.ok((await client.clientCredentialsGrant(config)).access_token);
  },

  async "client credentials with DPoP"() {
    const config = await discover(order.id, client.ClientSecretBasic(order.secret));
    const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    const tokens = await client.clientCredentialsGrant(config, {}, { DPoP: dpop });
    assert.equal(tokens.token_type, "dpop");
    assert.deepEqual((await viewer(config, tokens.access_token, dpop)).roles, ["integrator"]);
    await assert.rejects(viewer(config, tokens.access_token));
  },

  async "introspection and revocation"() {
    const config = await discover(order.id, client.ClientSecretBasic(order.secret));
    const { access_token: token } = await client.clientCredentialsGrant(config);
    assert.equal((await client.tokenIntrospection(config, token)).active, true);
    await client.tokenRevocation(config, token);
    assert.equal((await client.tokenIntrospection(config, token)).active, false);
    await assert.rejects(viewer(config, token));
  },

  async "authorization code with PKCE, then refresh"() {
    const config = await discover(order.browser, client.None());
    const tokens = await signIn(config);
    assert.equal((await viewer(config, tokens.access_token)).subject, order.user);
    const next = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal((await viewer(config, next.access_token)).subject, order.user);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
  },

  async "somebody signs out of a client without a secret"() {
    const config = await discover(order.browser, client.None());
    const tokens = await signIn(config);
    await client.tokenRevocation(config, tokens.refresh_token);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
  },

  async "somebody signs out of GraphiQL, by its own script"() {
    const config = await discover(order.browser, client.None());
    const { access_token: token, refresh_token: refresh } = await signIn(config);
    const kept = new Map();
    const tab = vm.createContext({
      URLSearchParams, location: issuer, fetch: (path, asked) => fetch(new URL(path, issuer), asked),
      sessionStorage: { getItem: (key) => kept.get(key), removeItem: (key) => kept.delete(key) },
    });
    const script = await (await fetch(new URL("/graphiql/signin.js", issuer))).text();
    const session = { user: order.user, client: order.browser, token, refresh, ends: Date.now() + 600_000 };
    kept.set(`contract-graph:session:${issuer.pathname}`, JSON.stringify(session));
    await vm.runInContext(`${script}; SIGN_IN.end()`, tab);
    assert.equal(kept.size, 0);
    await assert.rejects(client.refreshTokenGrant(config, refresh), { error: "invalid_grant" });
  },

  async "JWT bearer for a Salesforce user"() {
    const config = await discover(order.trust, client.None());
    const signing = await key(order.certified, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" });
    const assertion = await new SignJWT({}).setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .setIssuer(order.trust).setSubject(order.user).setAudience(config.serverMetadata().token_endpoint)
      .setIssuedAt().setExpirationTime("2m").setJti(crypto.randomUUID()).sign(signing);
    const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    const tokens = await client.genericGrantRequest(config, grant, { assertion });
    assert.equal((await viewer(config, tokens.access_token)).subject, order.user);
  },

  async "a wrong secret is an error that a client understands"() {
    const posted = await discover(order.id, client.ClientSecretPost("wrong"));
    await assert.rejects(client.clientCredentialsGrant(posted), { status: 400, error: "invalid_client" });
    const basic = await discover(order.id, client.ClientSecretBasic("wrong"));
    await assert.rejects(client.clientCredentialsGrant(basic), (error) => {
      assert.deepEqual([error.status, error.cause[0].scheme], [401, "basic"]);
      return true;
    });
  },
};

for (const [name, run] of Object.entries(tests)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${error.stack}\n${JSON.stringify(error.cause ?? null)}`);
    process.exitCode = 1;
  }
}
