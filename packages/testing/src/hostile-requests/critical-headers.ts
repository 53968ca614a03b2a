import { tokenAttacks, type Attack, type HostileToken } from './attack.js';

const headers: readonly (readonly [name: string, header: Readonly<Record<string, unknown>>])[] = [
  ['an unknown extension', { crit: ['x-unheard'], 'x-unheard': true }],
  ['an extension that is not in the header', { crit: ['x-unheard'] }],
  ['a standard parameter', { crit: ['alg'] }],
  ['an empty list', { crit: [] }],
  ['the same extension twice', { crit: ['x-unheard', 'x-unheard'], 'x-unheard': true }],
  ['a text', { crit: 'x-unheard', 'x-unheard': true }],
  ['a number in the list', { crit: [7] }],
  ['null', { crit: null }],
  ['an unencoded payload', { crit: ['b64'], b64: false }],
];

/** Attacks by way of `crit`: extensions that a verifier must understand, and does not. */
export const criticalHeaderAttacks: readonly Attack[] = tokenAttacks(
  'attack-14-crit-ignored',
  'token.critical-unknown',
  [
    ...headers.map(([name, header]): HostileToken => [`crit: ${name}`, (m) => m.token({}, { header })]),
    ['an unencoded payload that crit does not name', (m) => m.token({}, { header: { b64: false } })],
  ],
);
