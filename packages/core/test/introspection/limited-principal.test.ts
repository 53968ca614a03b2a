import { describe, expect, it } from '@jest/globals';
import type { Claims } from '../../src/evidence.js';
import { limitedPrincipal } from '../../src/introspection/limited-principal.js';
import { Principal } from '../../src/principal.js';
import { standardReading } from '../../src/profiles/claim-reading.js';
import { expected, nowSeconds, signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

const jkt = 'A'.repeat(43);
const otherKey = 'B'.repeat(43);
const initiate = { type: 'payment', actions: ['initiate'] };
const status = { type: 'payment', actions: ['status'] };

function limit(members: Claims, claims: Claims = {}, scopesOfActor?: readonly string[]) {
  const token = { ...signedStatement(claims), reading: standardReading };
  const principal = Principal.from({ ...token, ...(scopesOfActor === undefined ? {} : { scopesOfActor }) });
  return { principal, limited: limitedPrincipal(principal, token, members, expected()) };
}

describe('limitedPrincipal', () => {
  it.each<[string, Claims]>([
    ['says nothing but that the token is active', {}],
    ['says the same again', signedStatement().claims],
    ['grants the same scopes, in another order', { scope: 'b a' }],
    ['grants more scopes', { scope: 'a b c' }],
    ['grants more rights', { authorization_details: [initiate, status] }],
  ])('leaves the principal as it is where the answer %s', (_what, members) => {
    const { principal, limited } = limit(members, { scope: 'a b', authorization_details: [initiate] });
    expect(limited).toBe(principal);
  });

  it('leaves the scopes that both the token and the answer grant', () => {
    const { limited } = limit({ scope: 'b c' }, { scope: 'a b' });
    expect(limited.scopes).toEqual(['b']);
    expect(limited.claims['scope']).toBe('b');
    expect(limited.hasScope('a')).toBe(false);
    expect(limited.hasScope('c')).toBe(false);
  });

  it('leaves no scope where the answer has an empty one', () => {
    expect(limit({ scope: '' }, { scope: 'a b' }).limited.scopes).toEqual([]);
  });

  it('leaves everything else as it was', () => {
    const claims = { scope: 'a b', act: { sub: 'svc' }, acr: '2', txn: 't', cnf: { jkt } };
    const { principal, limited } = limit({ scope: 'b' }, claims);
    const rest = Object.fromEntries(
      Object.entries(limited).filter(([name]) => !['scopes', 'claims'].includes(name)),
    );
    expect(principal).toMatchObject(rest);
    expect(limited.fingerprint).toBe(principal.fingerprint);
    expect(Object.isFrozen(limited)).toBe(true);
  });

  it('leaves the rights that both name, member by member', () => {
    const { limited } = limit(
      { authorization_details: [{ actions: ['status'], type: 'payment' }] },
      { authorization_details: [initiate, status] },
    );
    expect(limited.authorizationDetails).toEqual([status]);
    expect(limited.claims['authorization_details']).toEqual([status]);
  });

  it('leaves no right that the answer words in another way', () => {
    const reworded = [{ ...initiate, limit: 10 }];
    expect(
      limit({ authorization_details: reworded }, { authorization_details: [initiate] }).limited
        .authorizationDetails,
    ).toEqual([]);
  });

  it('gives an actor nothing back that it does not have itself', () => {
    const { limited } = limit({ scope: 'a b' }, { scope: 'a b c', act: { sub: 'svc' } }, ['b', 'c']);
    expect(limited.scopes).toEqual(['b']);
    expect(limited.withheldScopes).toEqual(['a']);
  });

  it.each<[string, Claims, Claims?]>([
    ['iss', { iss: 'https://other.example' }],
    ['iss', { iss: null }],
    ['sub', { sub: 'user-2' }],
    ['sub', { sub: '' }],
    ['client_id', { client_id: 'client-2' }],
    ['jti', { jti: 'token-2' }],
    ['cnf', { cnf: { jkt } }],
    ['cnf', { cnf: { jkt: otherKey } }, { cnf: { jkt } }],
    ['cnf', { cnf: {} }, { cnf: { jkt } }],
    ['act', { act: { sub: 'svc-a' } }],
    ['act', { act: { sub: 'svc-b' } }, { act: { sub: 'svc-a' } }],
  ])('refuses an answer about another %s: %j', async (claim, members, claims = {}) => {
    await expectRefusal(() => limit(members, claims), 'token.introspection-mismatch', {
      claim,
      reason: 'mismatch',
    });
  });

  it.each<[Claims, Claims]>([
    [{ cnf: { jkt } }, { cnf: { jkt } }],
    [{}, { cnf: { jkt } }],
    [{ token_type: 'DPoP' }, { cnf: { jkt } }],
    [{ act: { sub: 'svc-a' } }, { act: { sub: 'svc-a' } }],
    [{ client_id: 'client-1' }, { client_id: undefined }],
    [{ jti: 'token-1' }, { jti: undefined }],
  ])('accepts the answer %j about a token with %j', (members, claims) => {
    const { principal, limited } = limit(members, claims);
    expect(limited).toBe(principal);
  });

  it.each([
    ['for another audience', { aud: 'https://other.example' }, 'token.audience-mismatch', 'aud', 'mismatch'],
    ['that has expired', { exp: nowSeconds }, 'token.expired', 'exp', 'mismatch'],
    ['that is not valid yet', { nbf: nowSeconds + 1 }, 'token.not-yet-valid', 'nbf', 'mismatch'],
    ['with a list of scopes', { scope: ['a'] }, 'token.claim-invalid', 'scope', 'malformed'],
    ['of another type', { token_type: 'DPoP' }, 'token.type-mismatch', 'token_type', 'mismatch'],
  ] as const)('refuses a token %s now', async (_what, members, code, claim, reason) => {
    await expectRefusal(() => limit(members), code, { claim, reason });
  });
});
