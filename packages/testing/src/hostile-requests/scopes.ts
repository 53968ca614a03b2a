import { bearer, insufficientScope, type Attack } from './attack.js';
import type { Claims } from '@assay/core';

/** Claims that nearly grant the last of the required scopes; the others are granted. */
const nearly: readonly (readonly [
  name: string,
  claims: (last: string, others: readonly string[]) => Claims,
])[] = [
  ['no scope at all', () => ({ scope: undefined })],
  ['an empty scope', () => ({ scope: '' })],
  ['all scopes but one', (_last, others) => ({ scope: others.join(' ') })],
  ['a scope that begins like it', (last, others) => scope(others, `${last}:more`)],
  ['a scope that ends like it', (last, others) => scope(others, `more:${last}`)],
  ['a part of it', (last, others) => scope(others, last.slice(0, -1))],
  [
    'upper case',
    (last, others) => scope(others, last.toUpperCase() === last ? `${last}-` : last.toUpperCase()),
  ],
  ['a comma behind it', (last, others) => scope(others, `${last},other`)],
  ['another kind of space before it', (last, others) => scope(others, `other\u00a0${last}`)],
  ['a tab before it', (last, others) => scope(others, `other\t${last}`)],
  ['a quote around it', (last, others) => scope(others, `"${last}"`)],
  ['a star', (_last, others) => scope(others, '*')],
  ['the scope in scp', (last, others) => ({ ...scope(others, 'other'), scp: [last] })],
  ['the scope in permissions', (last, others) => ({ ...scope(others, 'other'), permissions: [last] })],
  ['the scope in roles', (last, others) => ({ ...scope(others, 'other'), roles: [last] })],
];

/** Attacks on a route that requires scopes, by tokens that do not grant the last of them. */
export const scopeAttacks: readonly Attack[] = nearly.map(([name, claims]) => ({
  name: `scope: ${name}`,
  spec: 'attack-32-scope-api-footguns',
  refusal: insufficientScope,
  request: ({ scopes, token }) => bearer(token(claims(scopes.at(-1) ?? '', scopes.slice(0, -1)))),
}));

function scope(others: readonly string[], last: string): Claims {
  return { scope: [...others, last].join(' ') };
}
