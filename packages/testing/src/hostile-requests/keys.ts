import { publicJwk } from '../token-builder.js';
import { tokenAttacks, type Attack, type HostileToken } from './attack.js';
import type { Material } from './material.js';

/** Header parameters that bring a key, or say where to fetch one. The URLs are the issuer's, so that a fetch shows. */
const broughtKeys: readonly HostileToken[] = [
  ['the key of an attacker in jwk', (m) => forged(m, { jwk: publicJwk(m.attackerKey) })],
  [
    'the key of an attacker in jwk and no kid',
    (m) => forged(m, { jwk: publicJwk(m.attackerKey), kid: undefined }),
  ],
  ['the private key of an attacker in jwk', (m) => forged(m, { jwk: m.attackerKey })],
  ['a jku of an attacker', (m) => forged(m, { jku: `${new URL(m.issuer).origin}/hostile/jwks` })],
  ['an x5u of an attacker', (m) => forged(m, { x5u: `${new URL(m.issuer).origin}/hostile/chain.pem` })],
  ['a certificate of an attacker in x5c', (m) => forged(m, { x5c: ['MAA='] })],
  ['a certificate thumbprint in x5t#S256', (m) => forged(m, { 'x5t#S256': 'A'.repeat(43) })],
];

const kids: readonly (readonly [name: string, kid: unknown])[] = [
  ['a path', '../../x'],
  ['an absolute path', '/dev/null'],
  ['a URL', 'https://attacker.example/key'],
  ['an SQL injection', "' OR '1'='1"],
  ['the name __proto__', '__proto__'],
  ['the name constructor', 'constructor'],
  ['the name toString', 'toString'],
  ['an empty text', ''],
  ['a zero byte', '\u0000'],
];

const strangeKids: readonly HostileToken[] = [
  ...kids.map(([name, kid]): HostileToken => [`${name} as kid`, (m) => m.token({}, { header: { kid } })]),
  [
    'a kid of 10,000 characters',
    (m) => m.token({}, { header: { kid: 'k'.repeat(10_000) } }),
    'token.too-large',
  ],
  ['a number as kid', (m) => m.token({}, { header: { kid: 7 } }), 'token.malformed'],
  ['null as kid', (m) => m.token({}, { header: { kid: null } }), 'token.malformed'],
  [
    'a list with the right kid as kid',
    (m) => m.token({}, { header: { kid: [m.key['kid']] } }),
    'token.malformed',
  ],
  ['an object as kid', (m) => m.token({}, { header: { kid: {} } }), 'token.malformed'],
];

/** Attacks by way of the key: one that the token brings, one of somebody else, one that nobody has. */
export const keyAttacks: readonly Attack[] = [
  ...tokenAttacks('attack-05-embedded-keys-urls-in-header', 'token.signature-invalid', broughtKeys),
  ...tokenAttacks('attack-06-kid-injection', 'token.key-unknown', strangeKids),
  ...tokenAttacks('attack-07-key-cache-shared-across-issuers', 'token.signature-invalid', [
    ['the key of another issuer under the same kid', (m) => forged(m, {})],
    ['the key of another issuer and no kid', (m) => forged(m, { kid: undefined })],
  ]),
  ...tokenAttacks(
    'attack-08-unknown-kid-flood',
    'token.key-unknown',
    Array.from({ length: 20 }, (_, index): HostileToken => {
      const number = String(index + 1);
      return [`unknown kid ${number} of a flood`, (m) => forged(m, { kid: `flood-${number}` })];
    }),
  ),
];

function forged(m: Material, header: Readonly<Record<string, unknown>>): string {
  return m.token({}, { header, key: m.attackerKey });
}
