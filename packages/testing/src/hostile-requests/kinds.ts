import { tokenAttacks, type Attack, type HostileToken } from './attack.js';

const otherTypes = [
  'JWT',
  'dpop+jwt',
  'logout+jwt',
  'token-introspection+jwt',
  'secevent+jwt',
  'oauth-authz-req+jwt',
  'client-authentication+jwt',
  'oauth-id-jag+jwt',
  'statuslist+jwt',
  'at',
  'at+jwt2',
];

/** Encrypted tokens as compact serialisations with a header that costs, or leads astray, whoever opens it. */
const envelopes: readonly (readonly [name: string, header: Readonly<Record<string, unknown>>])[] = [
  [
    'a password count of ten million',
    { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 10_000_000, p2s: 'AAAA' },
  ],
  ['compressed content', { alg: 'dir', enc: 'A128GCM', zip: 'DEF', cty: 'JWT' }],
  ['RSA1_5', { alg: 'RSA1_5', enc: 'A128CBC-HS256', cty: 'JWT' }],
  ['claims that nobody signed', { alg: 'dir', enc: 'A128GCM' }],
];

/** Attacks by another kind of JWT, or by a token that is bound to a key that the sender does not have. */
export const kindAttacks: readonly Attack[] = [
  ...tokenAttacks('attack-13-id-token-logout-token-proof', 'token.type-mismatch', [
    ...otherTypes.map((typ): HostileToken => [`typ ${typ}`, (m) => m.token({}, { header: { typ } })]),
    ['no typ', (m) => m.token({}, { header: { typ: undefined } })],
    ['an empty typ', (m) => m.token({}, { header: { typ: '' } })],
    ['a list as typ', (m) => m.token({}, { header: { typ: ['at+jwt'] } })],
  ]),
  ...tokenAttacks('attack-18-jwe-resource-use-p2c-zip', 'token.malformed', [
    ...envelopes.map(([name, header]): HostileToken => [
      `an encrypted token with ${name}`,
      () => [encoded(JSON.stringify(header)), 'AAAA', 'AAAA', 'AAAA', 'AAAA'].join('.'),
    ]),
    ['a signed token whose header speaks of encryption', (m) => m.token({}, { header: { enc: 'A128GCM' } })],
    ['a signed token that says it holds a JWT', (m) => m.token({}, { header: { cty: 'JWT' } })],
  ]),
  ...tokenAttacks('attack-27-dpop-replay-order-downgrade', 'token.proof-required', [
    ['a token bound to a DPoP key, sent as a plain one', (m) => m.token({ cnf: { jkt: 'A'.repeat(43) } })],
  ]),
  ...tokenAttacks('attack-28-mtls-header-spoofing', 'token.certificate-required', [
    [
      'a token bound to a certificate, sent without it',
      (m) => m.token({ cnf: { 'x5t#S256': 'A'.repeat(43) } }),
    ],
  ]),
  ...tokenAttacks('attack-28-mtls-header-spoofing', 'token.confirmation-unverifiable', [
    ['a token bound in a way that nobody knows', (m) => m.token({ cnf: { unheard: 'x' } })],
  ]),
];

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}
