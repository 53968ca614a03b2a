import { describe, expect, it } from '@jest/globals';
import type { UnverifiedToken } from '../../src/evidence.js';
import { trustedIssuersFrom } from '../../src/settings/trusted-issuers.js';
import { chooseIssuer } from '../../src/steps/choose-issuer.js';
import { expectRefusal } from '../support/refusal.js';

describe('chooseIssuer', () => {
  const neverFetch = () => {
    throw new Error('choosing an issuer must not cause a request');
  };
  const issuers = trustedIssuersFrom({
    issuer: [{ issuer: 'https://as.example' }, { issuer: 'https://as.example/tenant' }],
    audience: 'https://api.example',
    fetch: neverFetch,
  });
  const choose = (iss: unknown) =>
    chooseIssuer({ unverifiedClaims: { iss } } as unknown as UnverifiedToken, issuers);

  it.each(['https://as.example', 'https://as.example/tenant'])('finds %s', async (iss) => {
    expect(await choose(iss)).toHaveProperty('identifier', iss);
  });

  it.each([
    ['absent', undefined, 'missing'],
    ['null', null, 'malformed'],
    ['a number', 1, 'malformed'],
    ['a list with a trusted one', ['https://as.example'], 'malformed'],
    ['an object', {}, 'malformed'],
    ['empty', '', 'mismatch'],
    ['unknown', 'https://attacker.example', 'mismatch'],
    ['longer by a slash', 'https://as.example/', 'mismatch'],
    ['another in case', 'https://AS.example', 'mismatch'],
    ['named like what objects inherit', '__proto__', 'mismatch'],
    ['named like a method', 'constructor', 'mismatch'],
  ] as const)('refuses an issuer that is %s', async (_how, iss, reason) => {
    await expectRefusal(() => choose(iss), 'token.issuer-unknown', { claim: 'iss', reason });
  });
});
