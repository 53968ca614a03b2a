import type { FailureCode } from '@assay/core';
import { tokenAttacks, type Attack, type HostileToken } from './attack.js';
import { jsonWith, type Material } from './material.js';

const noTimes: readonly (readonly [name: string, value: unknown])[] = [
  ['a text', '4102444800'],
  ['a list', [4_102_444_800]],
  ['an object', {}],
  ['true', true],
  ['null', null],
];
const noTexts: readonly (readonly [name: string, value: unknown])[] = [
  ['a number', 7],
  ['a list', ['x']],
  ['an object', {}],
  ['true', true],
  ['null', null],
  ['an empty text', ''],
];
const noAudiences: readonly (readonly [name: string, aud: (audience: string) => unknown])[] = [
  ['an object', (audience) => ({ [audience]: true })],
  ['a number', () => 7],
  ['numbers', () => [7]],
  ['a list in a list', (audience) => [[audience]]],
  ['the audience beside a number', (audience) => [audience, 7]],
  ['null', () => null],
];

const wrongTypes: readonly HostileToken[] = [
  ...wrongValues('exp', noTimes, 'token.expired'),
  ...wrongValues('nbf', noTimes, 'token.not-yet-valid'),
  ...wrongValues('iat', noTimes, 'token.claim-invalid'),
  ...['sub', 'client_id', 'jti'].flatMap((claim) => wrongValues(claim, noTexts, 'token.claim-invalid')),
  ...wrongValues('scope', noTexts.slice(0, -1), 'token.claim-invalid'),
  ...noAudiences.map(([name, aud]): HostileToken => [
    `aud: ${name}`,
    (m) => m.token({ aud: aud(m.audience) }),
    'token.audience-mismatch',
  ]),
  [
    'exp: a number beyond all numbers',
    (m) => m.signed({ payload: withText(m, 'exp', '1e400') }),
    'token.expired',
  ],
  ['exp: NaN', (m) => m.signed({ payload: withText(m, 'exp', 'NaN') }), 'token.malformed'],
  ['exp: a negative number', (m) => m.token({ exp: -1 }), 'token.expired'],
  ['exp: a fraction of the first second of all', (m) => m.token({ exp: 0.5 }), 'token.expired'],
];

const otherAudiences: readonly (readonly [name: string, aud: (audience: string) => unknown])[] = [
  ['another API', () => 'https://other.example'],
  ['other APIs', () => ['https://other.example', 'https://another.example']],
  ['nothing', () => undefined],
  ['nobody', () => []],
  ['an empty text', () => ''],
  ['something behind the audience', (audience) => `${audience}.attacker.example`],
  ['the audience without its last character', (audience) => audience.slice(0, -1)],
  ['a slash more', (audience) => `${audience}/`],
  ['upper case', (audience) => audience.toUpperCase()],
  ['a list written as one text', (audience) => `${audience} https://other.example`],
];

const borrowed: readonly HostileToken[] = ['aud', 'exp', 'sub', 'client_id', 'iat', 'jti'].flatMap(
  (claim): readonly HostileToken[] => [
    [
      `${claim} from __proto__ alone`,
      (m) => m.signed({ payload: inPrototype(m.claims(), claim) }),
      failureWithout(claim),
    ],
    [
      `${claim} from constructor.prototype alone`,
      (m) => {
        const { [claim]: value, ...others } = m.claims();
        return m.signed({ payload: { ...others, constructor: { prototype: { [claim]: value } } } });
      },
      failureWithout(claim),
    ],
  ],
);

/** Attacks by way of the claims: of another type, for another API, from another time, by way of a prototype. */
export const claimAttacks: readonly Attack[] = [
  ...tokenAttacks('attack-10-iss-sub-jti-aud-of', 'token.claim-invalid', wrongTypes),
  ...tokenAttacks(
    'attack-12-audience-not-checked',
    'token.audience-mismatch',
    otherAudiences.map(([name, aud]): HostileToken => [
      `aud: ${name}`,
      (m) => m.token({ aud: aud(m.audience) }),
    ]),
  ),
  ...tokenAttacks('attack-15-token-without-exp-far-exp', 'token.expired', [
    ['no exp', (m) => m.token({ exp: undefined })],
    ['expired an hour ago', (m) => m.token({ iat: secondsFrom(m, -7200), exp: secondsFrom(m, -3600) })],
    ['issued an hour from now', (m) => m.token({ iat: secondsFrom(m, 3600) }), 'token.not-yet-valid'],
    ['usable an hour from now', (m) => m.token({ nbf: secondsFrom(m, 3600) }), 'token.not-yet-valid'],
    ['no iat', (m) => m.token({ iat: undefined }), 'token.claim-invalid'],
  ]),
  ...tokenAttacks('attack-21-prototype-pollution-via-claims', 'token.claim-invalid', [
    ...borrowed,
    [
      'typ from __proto__ alone',
      (m) => m.signed({ header: inPrototype(m.header(), 'typ') }),
      'token.type-mismatch',
    ],
    [
      'alg from __proto__ alone',
      (m) => m.signed({ header: inPrototype(m.header(), 'alg') }),
      'token.malformed',
    ],
  ]),
];

function wrongValues(
  claim: string,
  values: readonly (readonly [name: string, value: unknown])[],
  failure: FailureCode,
): readonly HostileToken[] {
  return values.map(([name, value]): HostileToken => [
    `${claim}: ${name}`,
    (m) => m.token({ [claim]: value }),
    failure,
  ]);
}

/** The claims as a text, one of them written as it could not be otherwise. */
function withText(m: Material, claim: string, text: string): string {
  return jsonWith(`"${claim}":${text}`, { ...m.claims(), [claim]: undefined });
}

function inPrototype(object: Readonly<Record<string, unknown>>, member: string): string {
  const prototype = JSON.stringify({ [member]: object[member] });
  return jsonWith(`"__proto__":${prototype}`, { ...object, [member]: undefined });
}

function failureWithout(claim: string): FailureCode {
  if (claim === 'aud') return 'token.audience-mismatch';
  return claim === 'exp' ? 'token.expired' : 'token.claim-invalid';
}

function secondsFrom(m: Material, seconds: number): number {
  return Number(m.claims()['iat']) + seconds;
}
