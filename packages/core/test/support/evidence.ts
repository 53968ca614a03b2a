import type { Claims, SignedStatement } from '../../src/evidence.js';
import type { Expected } from '../../src/rules/rule.js';

/** The moment at which rules are tested. Units: seconds since the epoch. */
export const nowSeconds = 1_800_000_000;

const issuer = 'https://as.example';

/** A verified access token that satisfies every rule but for what is changed; `undefined` leaves a member out. */
export function signedStatement(claims: Claims = {}, header: Claims = {}): SignedStatement {
  return {
    issuer,
    fingerprint: 'AAAAAAAAAAAAAAAAAAAAAA',
    header: { alg: 'ES256', kid: 'k1', typ: 'at+jwt', ...header },
    claims: {
      iss: issuer,
      aud: 'https://api.example',
      sub: 'user-1',
      client_id: 'client-1',
      jti: 'token-1',
      iat: nowSeconds,
      exp: nowSeconds + 300,
      ...claims,
    },
  };
}

/** What a receiver without leeway expects of `signedStatement()`. */
export function expected(changes: Partial<Expected> = {}): Expected {
  return { issuer, audiences: ['https://api.example'], nowSeconds, leewaySeconds: 0, ...changes };
}
