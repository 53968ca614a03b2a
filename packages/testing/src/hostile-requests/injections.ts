import { tokenAttacks, type Attack, type HostileToken } from './attack.js';

/** Texts that would end a header, a quoted string or a line of a log, or that no header can hold. */
const texts: readonly (readonly [name: string, text: string])[] = [
  ['quotes', '", error="invalid_request'],
  ['a new line', 'x\r\nX-Injected: 1'],
  ['a backslash at the end', 'x\\'],
  ['text beyond ASCII', 'pr\u00fcf\u4e16\u754c\ud83d\udd11'],
  ['markup', '<script>alert(1)</script>'],
];

/** Attacks by way of texts that would do harm if an answer repeated them. */
export const injectionAttacks: readonly Attack[] = tokenAttacks(
  'attack-33-challenge-injection-leakage',
  'token.issuer-unknown',
  texts.flatMap(([name, text]): readonly HostileToken[] => [
    [`${name} in iss`, (m) => m.token({ iss: text })],
    [`${name} in aud`, (m) => m.token({ aud: text }), 'token.audience-mismatch'],
    [
      `${name} in scope, of a token that has expired`,
      (m) => m.token({ scope: text, exp: 1 }),
      'token.expired',
    ],
    [`${name} in typ`, (m) => m.token({}, { header: { typ: text } }), 'token.type-mismatch'],
    [`${name} in alg`, (m) => m.token({}, { header: { alg: text } }), 'token.algorithm-refused'],
    [`${name} in kid`, (m) => m.token({}, { header: { kid: text } }), 'token.key-unknown'],
  ]),
);
