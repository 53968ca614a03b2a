import {
  bearer,
  invalidRequest,
  noCredentials,
  type Attack,
  type Refusal,
  type RequestParts,
} from './attack.js';
import type { Material } from './material.js';

type Row = readonly [name: string, spec: string, refusal: Refusal, request: (m: Material) => RequestParts];

const malformed = invalidRequest('request.token-malformed');
const override = 'attack-30-preflight-method-bypass';
const patterns = 'attack-20-redos-in-configured-patterns';
const injection = 'attack-33-challenge-injection-leakage';

const rows: readonly Row[] = [
  ['no token, and a header that says OPTIONS', override, noCredentials, () => overriding('OPTIONS')],
  ['no token, and a header that says HEAD', override, noCredentials, () => overriding('HEAD')],
  [
    'no token, and a query that says OPTIONS',
    override,
    noCredentials,
    () => ({ headers: {}, query: { _method: 'OPTIONS' } }),
  ],
  [
    'no token, and the headers of a preflight',
    override,
    noCredentials,
    () => ({ headers: { origin: 'https://attacker.example', 'access-control-request-method': 'GET' } }),
  ],
  ['many spaces before the token', patterns, malformed, () => authorization(`Bearer ${' '.repeat(6000)}!`)],
  [
    'a long token with an end that does not fit',
    patterns,
    malformed,
    () => authorization(`Bearer ${'a'.repeat(6000)}!`),
  ],
  [
    'much padding with an end that does not fit',
    patterns,
    malformed,
    () => authorization(`Bearer ${'='.repeat(6000)}!`),
  ],
  ['the scheme alone', injection, malformed, () => authorization('Bearer')],
  ['a quoted token', injection, malformed, (m) => authorization(`Bearer "${m.token()}"`)],
  [
    'two tokens in one line',
    injection,
    malformed,
    (m) => authorization(`Bearer ${m.token()}, Bearer ${m.token()}`),
  ],
  ['parameters for a token', injection, malformed, () => authorization('Bearer realm="x", error="y"')],
  ['another scheme', 'rfc6750-2.1-syntax', noCredentials, (m) => authorization(`Token ${m.token()}`)],
  ['no scheme', 'rfc6750-2.1-syntax', noCredentials, (m) => authorization(m.token())],
  [
    'the token in a cookie',
    'rfc6750-5.3-cookies',
    noCredentials,
    (m) => ({ headers: { cookie: `access_token=${m.token()}` } }),
  ],
  [
    'the token in the query',
    'rfc6750-2.3-query-off',
    noCredentials,
    (m) => ({ headers: {}, query: { access_token: m.token() } }),
  ],
  [
    'the token in the query too',
    'rfc6750-2-one-method',
    invalidRequest('request.token-repeated'),
    (m) => ({ ...bearer(m.token()), query: { access_token: m.token() } }),
  ],
  [
    'the token in a form',
    'rfc6750-2.2-body-conditions',
    noCredentials,
    (m) => ({
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: { access_token: m.token() },
    }),
  ],
];

/** Attacks by way of where and how the credentials stand in the request. */
export const placementAttacks: readonly Attack[] = rows.map(([name, spec, refusal, request]) => ({
  name,
  spec,
  refusal,
  request,
}));

function authorization(line: string): RequestParts {
  return { headers: { authorization: line } };
}

function overriding(method: string): RequestParts {
  return { headers: { 'x-http-method-override': method, 'x-method-override': method } };
}
