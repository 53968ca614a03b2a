import { describe, expect, it } from '@jest/globals';
import type { Claims, VerifiedToken } from '../../src/evidence.js';
import { statusList } from '../../src/profiles/status-list.js';
import { applyProfile } from '../../src/steps/apply-profile.js';
import { expected, nowSeconds } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';
import { statusListClaim } from '../standing/support/status-lists.js';

const uri = 'https://as.example/statuslists/1';
const list = statusListClaim(1, [0, 1]);

/** A status list with everything that the specification asks for and no more, but for what is changed. */
const listToken = (claims: Claims = {}, header: Claims = {}) =>
  ({
    issuer: 'https://as.example',
    fingerprint: '',
    header: { alg: 'ES256', typ: 'statuslist+jwt', ...header },
    claims: { sub: uri, iat: nowSeconds, status_list: list, ...claims },
  }) as unknown as VerifiedToken;
const expectation = expected({ acceptsSubject: (subject) => subject === uri });
const apply = (claims?: Claims, header?: Claims) =>
  applyProfile(listToken(claims, header), statusList, expectation);

describe('the status list profile', () => {
  it('accepts a list that has what the specification asks for', () => {
    expect(apply()).toMatchObject({ kind: 'status-list' });
  });

  it.each([
    ['an end that lies ahead', { exp: nowSeconds + 1 }],
    ['a time to live', { ttl: 60 }],
    ['a time to live that is no whole number', { ttl: 0.5 }],
    ['the audience of this receiver', { aud: ['https://api.example'] }],
    ['claims that it does not know', { iss: 'https://status.example', jti: 'a' }],
  ])('accepts a list with %s', (_what, claims) => {
    expect(apply(claims).claims).toMatchObject(claims);
  });

  it('accepts the type in its long form', () => {
    expect(apply({}, { typ: 'application/statuslist+jwt' })).toMatchObject({ kind: 'status-list' });
  });

  it.each([
    [undefined, 'missing'],
    ['JWT', 'mismatch'],
    ['at+jwt', 'mismatch'],
    ['statuslist+cwt', 'mismatch'],
    [7, 'malformed'],
  ] as const)('refuses a list of the type %p', async (typ, reason) => {
    await expectRefusal(() => apply({}, { typ }), 'token.type-mismatch', { claim: 'typ', reason });
  });

  it.each([
    ['without sub', { sub: undefined }, 'token.claim-invalid', 'sub', 'missing'],
    ['with a number for sub', { sub: 7 }, 'token.claim-invalid', 'sub', 'malformed'],
    ['of another URI', { sub: `${uri}2` }, 'token.subject-refused', 'sub', 'mismatch'],
    ['of the URI and a slash', { sub: `${uri}/` }, 'token.subject-refused', 'sub', 'mismatch'],
    ['without iat', { iat: undefined }, 'token.claim-invalid', 'iat', 'missing'],
    ['with a text for iat', { iat: '1' }, 'token.claim-invalid', 'iat', 'malformed'],
    ['of the future', { iat: nowSeconds + 1 }, 'token.not-yet-valid', 'iat', 'mismatch'],
    ['that has expired', { exp: nowSeconds }, 'token.expired', 'exp', 'mismatch'],
    ['with a text for exp', { exp: '2030' }, 'token.expired', 'exp', 'malformed'],
    ['with null for exp', { exp: null }, 'token.expired', 'exp', 'malformed'],
    ['that is not valid yet', { nbf: nowSeconds + 1 }, 'token.not-yet-valid', 'nbf', 'mismatch'],
    ['for somebody else', { aud: 'https://o.example' }, 'token.audience-mismatch', 'aud', 'mismatch'],
    ['for nobody', { aud: [] }, 'token.audience-mismatch', 'aud', 'mismatch'],
    ['with ttl 0', { ttl: 0 }, 'token.claim-invalid', 'ttl', 'malformed'],
    ['with ttl -5', { ttl: -5 }, 'token.claim-invalid', 'ttl', 'malformed'],
    ['with a text for ttl', { ttl: '60' }, 'token.claim-invalid', 'ttl', 'malformed'],
    ['with null for ttl', { ttl: null }, 'token.claim-invalid', 'ttl', 'malformed'],
    ['with an endless ttl', { ttl: Infinity }, 'token.claim-invalid', 'ttl', 'malformed'],
    ['without status_list', { status_list: undefined }, 'token.claim-invalid', 'status_list', 'missing'],
    ['with a text for status_list', { status_list: 'x' }, 'token.claim-invalid', 'status_list', 'malformed'],
    ['with bits 3', { status_list: { ...list, bits: 3 } }, 'token.claim-invalid', 'status_list', 'malformed'],
    ['without lst', { status_list: { bits: 1 } }, 'token.claim-invalid', 'status_list', 'malformed'],
  ] as const)('refuses a list %s', async (_how, claims, code, claim, reason) => {
    await expectRefusal(() => apply(claims), code, { claim, reason });
  });

  it('accepts none at all where nobody said which URI it was asked for', async () => {
    const unasked = expected({ acceptsSubject: () => false });
    await expectRefusal(() => applyProfile(listToken(), statusList, unasked), 'token.subject-refused', {
      claim: 'sub',
      reason: 'mismatch',
    });
  });

  it('has a sentence of its own for every rule', () => {
    const sentences = statusList.rules.map(({ guarantees }) => guarantees);
    expect(new Set(sentences).size).toBe(statusList.rules.length);
  });
});
