import { tokenAttacks, type Attack, type HostileToken } from './attack.js';

const variants: readonly (readonly [name: string, iss: (issuer: string) => unknown])[] = [
  ['another issuer', () => 'https://attacker.example'],
  ['a slash more', (issuer) => `${issuer}/`],
  ['a path that leads back', (issuer) => `${issuer}/x/..`],
  ['an empty query', (issuer) => `${issuer}?`],
  ['an empty fragment', (issuer) => `${issuer}#`],
  ['the scheme in upper case', (issuer) => issuer.replace(/^[a-z]+/, (scheme) => scheme.toUpperCase())],
  ['a port more', (issuer) => `${issuer}:443`],
  ['the issuer as user information', (issuer) => `${issuer}@attacker.example`],
  ['user information', (issuer) => issuer.replace('://', '://user@')],
  ['the issuer and something behind it', (issuer) => `${issuer}.attacker.example`],
  ['something before the issuer', (issuer) => `https://attacker.example/${issuer}`],
  ['the issuer without its last character', (issuer) => issuer.slice(0, -1)],
  ['a space behind', (issuer) => `${issuer} `],
  ['a newline behind', (issuer) => `${issuer}\n`],
  ['a zero byte behind', (issuer) => `${issuer}\u0000`],
  ['an empty text', () => ''],
  ['a list of one', (issuer) => [issuer]],
  ['a list of two', (issuer) => [issuer, 'https://attacker.example']],
  ['an object', (issuer) => ({ [issuer]: true })],
  ['a number', () => 1],
  ['null', () => null],
  ['nothing', () => undefined],
];

/** Attacks by way of `iss`: what is nearly the issuer, or not even a text. None may cause a request. */
export const issuerAttacks: readonly Attack[] = tokenAttacks(
  'attack-09-issuer-variants-cause-fetches-issuer',
  'token.issuer-unknown',
  variants.map(([name, iss]): HostileToken => [`iss: ${name}`, (m) => m.token({ iss: iss(m.issuer) })]),
);
