"use strict";

// Signs people of the demo in as any browser client would: authorization code with PKCE, then refresh tokens.
// What is kept lies in this tab only (sessionStorage): a sign-in under way, and the session that it led to.

const SIGN_IN = (() => {
  const UNDER_WAY = "contract-graph:sign-in";
  const SESSION = `contract-graph:session:${location.pathname}`; // each page has the scopes that it asked for
  const EARLY = 30_000; // milliseconds before its end at which an access token is renewed
  const BACK = location.origin + location.pathname; // each page that signs people in is registered
  let renewal = null;

  function load(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  }

  function save(key, value) {
    if (value) sessionStorage.setItem(key, JSON.stringify(value));
    else sessionStorage.removeItem(key);
  }

  function text(bytes) {
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  const random = () => text(crypto.getRandomValues(new Uint8Array(32)));

  // Without `scope` the server gives what is usual: to change something has to be asked for.
  async function begin(person, scope = "") {
    const underWay = { state: random(), verifier: random(), user: person.user, client: person.client };
    save(UNDER_WAY, underWay);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(underWay.verifier));
    const asked = new URLSearchParams({
      response_type: "code", client_id: person.client, redirect_uri: BACK, state: underWay.state,
      code_challenge: text(new Uint8Array(digest)), code_challenge_method: "S256", login_hint: person.user, scope,
    });
    location.assign(`/oauth/authorize?${asked}`);
  }

  async function ask(form) {
    const response = await fetch("/oauth/token", {
      method: "POST", body: new URLSearchParams(form), credentials: "omit", redirect: "error", cache: "no-store",
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error_description || answer.error);
    return answer;
  }

  function keep(answer, { user, client }) {
    save(SESSION, {
      user, client, token: answer.access_token, refresh: answer.refresh_token,
      ends: Date.now() + answer.expires_in * 1000,
    });
  }

  // Whoever comes back brings a code, or the reason why there is none. Returns what to tell, if anything.
  async function comeBack(issuer) {
    const came = new URLSearchParams(location.search);
    if (!came.has("state")) return "";
    history.replaceState(null, "", location.pathname);
    const underWay = load(UNDER_WAY);
    save(UNDER_WAY, null);
    if (!underWay || came.get("state") !== underWay.state || came.get("iss") !== issuer) return "This sign-in was not begun here.";
    await end();
    if (!came.has("code")) return came.get("error_description") || came.get("error");
    try {
      keep(await ask({
        grant_type: "authorization_code", code: came.get("code"), redirect_uri: BACK,
        client_id: underWay.client, code_verifier: underWay.verifier,
      }), underWay);
    } catch (error) {
      return error.message;
    }
    return "";
  }

  // A refresh token is good once: two renewals at a time would end the session.
  async function renew(session) {
    try {
      keep(await ask({ grant_type: "refresh_token", refresh_token: session.refresh, client_id: session.client }), session);
    } catch {
      save(SESSION, null);
    }
  }

  async function token() {
    const session = load(SESSION);
    if (!session) return "";
    if (Date.now() > session.ends - EARLY) {
      renewal ||= renew(session).finally(() => (renewal = null));
      await renewal;
    }
    return load(SESSION)?.token || "";
  }

  // To take the refresh token back ends all that the session gave. What lies here goes, whether or not the server hears of it.
  async function end() {
    await renewal;
    const session = load(SESSION);
    save(SESSION, null);
    if (!session?.refresh) return;
    const form = { token: session.refresh, token_type_hint: "refresh_token", client_id: session.client };
    try {
      await fetch("/oauth/revoke", {
        method: "POST", body: new URLSearchParams(form), credentials: "omit", redirect: "error", cache: "no-store",
      });
    } catch {
      // It ends by itself, unused.
    }
  }

  return { begin, comeBack, token, user: () => load(SESSION)?.user || "", end };
})();
