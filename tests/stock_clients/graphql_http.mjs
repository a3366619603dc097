// The server audits of graphql-http, of which each prints a line; the order comes on stdin as JSON.
import { readFileSync } from 'node:fs';
import { serverAudits } from 'graphql-http';

const order = JSON.parse(readFileSync(0, 'utf8'));
const granted = await fetch(`${order.issuer}/oauth/token`, {
  method: 'POST',
  headers: { authorization: `Basic ${btoa(`${order.id}:${order.secret}`)}` },
  body: new URLSearchParams({ grant_type: 'client_credentials' })
});
const { access_token: token } = await granted.json();
const asking = (url, init = {}) =>
  fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

for (const audit of serverAudits({ url: `${order.issuer}/graphql`, fetchFn: asking })) {
  const result = await audit.fn();
  console.log(`${result.status} ${result.id} ${result.name}${result.reason ? `: ${result.reason}` : ''}`);
}
