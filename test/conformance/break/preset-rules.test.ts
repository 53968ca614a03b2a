import { describe, expect, it } from '@jest/globals';
import {
  compatibilityPresets,
  type Claims,
  type CompatibilityName,
  type Expected,
  type FailureCode,
} from '@assay/core';

/**
 * What a preset does not relax, it demands. For each preset a token that satisfies all of its rules is spoilt in one
 * thing at a time, and exactly the rule for that thing objects.
 */
const nowSeconds = 1_800_000_000;
const expected: Expected = {
  issuer: 'https://as.example',
  audiences: ['https://api.example'],
  nowSeconds,
  leewaySeconds: 0,
};
const common: Claims = {
  iss: expected.issuer,
  aud: 'https://api.example',
  sub: 'user-1',
  iat: nowSeconds,
  exp: nowSeconds + 300,
};

type Spoiling = readonly [
  name: string,
  change: { readonly claims?: Claims; readonly typ?: string; readonly expected?: Partial<Expected> },
  code: FailureCode,
  claim: string,
];

const invalid = (claim: string, value?: unknown): Spoiling => [
  `${claim} ${value === undefined ? 'missing' : 'malformed'}`,
  { claims: { [claim]: value } },
  'token.claim-invalid',
  claim,
];
const marked = (claim: string, value: unknown): Spoiling => [
  `${claim} of another kind`,
  { claims: { [claim]: value } },
  'token.type-mismatch',
  claim,
];

const spoilings: readonly Spoiling[] = [
  ['another type', { typ: 'dpop+jwt' }, 'token.type-mismatch', 'typ'],
  marked('events', {}),
  ['another issuer', { claims: { iss: 'https://other.example' } }, 'token.issuer-mismatch', 'iss'],
  ['another audience', { claims: { aud: 'https://other.example' } }, 'token.audience-mismatch', 'aud'],
  ['expired', { claims: { exp: nowSeconds } }, 'token.expired', 'exp'],
  ['not usable yet', { claims: { nbf: nowSeconds + 1 } }, 'token.not-yet-valid', 'nbf'],
  ['issued in the future', { claims: { iat: nowSeconds + 1 } }, 'token.not-yet-valid', 'iat'],
  [
    'issued too long ago',
    { claims: { iat: nowSeconds - 11 }, expected: { maximumAgeSeconds: 10 } },
    'token.too-old',
    'iat',
  ],
  ['valid for too long', { expected: { maximumLifetimeSeconds: 299 } }, 'token.lifetime-excessive', 'exp'],
  [
    'a subject that is not accepted',
    { expected: { acceptsSubject: () => false } },
    'token.subject-refused',
    'sub',
  ],
  invalid('sub'),
  invalid('iat'),
  invalid('scope', 7),
  invalid('amr', 'pwd'),
  invalid('act', 'svc-a'),
  invalid('authorization_details', {}),
];

const presets: Readonly<
  Record<CompatibilityName, { readonly claims: Claims; readonly own: readonly Spoiling[] }>
> = {
  auth0: { claims: { azp: 'c' }, own: [invalid('azp')] },
  cognito: {
    claims: { client_id: 'c', jti: 'j', token_use: 'access' },
    own: [invalid('client_id'), invalid('jti'), marked('token_use', 'id')],
  },
  'entra-v1': {
    claims: { appid: 'c', ver: '1.0' },
    own: [invalid('appid'), invalid('scp', 7), marked('ver', '2.0')],
  },
  'entra-v2': {
    claims: { azp: 'c', ver: '2.0' },
    own: [invalid('azp'), invalid('scp', 7), marked('ver', '1.0')],
  },
  google: { claims: { azp: 'c' }, own: [invalid('azp')] },
  keycloak: {
    claims: { azp: 'c', jti: 'j', typ: 'Bearer' },
    own: [invalid('azp'), invalid('jti'), marked('typ', 'ID')],
  },
  okta: { claims: { cid: 'c', jti: 'j' }, own: [invalid('cid'), invalid('jti'), invalid('scp', 'text')] },
  'without-typ': { claims: { client_id: 'c', jti: 'j' }, own: [invalid('client_id'), invalid('jti')] },
};

describe.each(Object.entries(presets))('the compatibility preset %s', (name, { claims: ownClaims, own }) => {
  const { rules } = compatibilityPresets[name as CompatibilityName].profile;

  function findingsAbout([, { claims, typ, expected: changes }]: Spoiling) {
    const token = {
      header: { alg: 'ES256', ...(typ === undefined ? {} : { typ }) },
      claims: JSON.parse(JSON.stringify({ ...common, ...ownClaims, ...claims })) as Claims,
      issuer: expected.issuer,
      fingerprint: '',
    };
    return rules
      .map((rule) => rule.check(token, { ...expected, ...changes }))
      .filter((finding) => finding !== undefined);
  }

  it('has nothing against a token of its shape', () => {
    expect(findingsAbout(['', {}, 'token.malformed', ''])).toEqual([]);
  });

  it.each([...spoilings, ...own])('refuses a token that is spoilt: %s', (...spoiling) => {
    const [, , code, claim] = spoiling;
    expect(findingsAbout(spoiling)).toEqual([expect.objectContaining({ code, claim })]);
  });
});
