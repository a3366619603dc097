// Who is calling: the token is verified as ours verifies it, and remembered.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createVerifier } from 'fast-jwt';

// Returns what gives the org of an Authorization header; it throws for a token that is not ours.
export function callers({ keys, issuer, audience }) {
  const byKid = new Map(
    JSON.parse(readFileSync(keys, 'utf8')).keys.map((jwk) => [
      jwk.kid,
      createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    ])
  );
  const verify = createVerifier({
    key: async ({ header }) => byKid.get(header.kid),
    algorithms: ['ES256'],
    allowedIss: issuer,
    allowedAud: audience,
    cache: 10_000,
    // By default each request would hash its token: ours looks the text itself up.
    cacheKeyBuilder: (token) => token
  });
  return async (authorization) => (await verify(authorization.slice('Bearer '.length))).org;
}
