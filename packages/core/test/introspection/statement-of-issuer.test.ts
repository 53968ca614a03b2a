import { describe, expect, it } from '@jest/globals';
import type { Claims, PresentedToken } from '../../src/evidence.js';
import { statementOfIssuer } from '../../src/introspection/statement-of-issuer.js';

const issuer = 'https://as.example';
const claimsOf = (members: Claims, missingSubject: 'refused' | 'client' = 'refused') =>
  statementOfIssuer('opaque' as PresentedToken, members, { issuer, missingSubject }).claims;

describe('statementOfIssuer', () => {
  it('holds what the issuer says, and a digest of the token', () => {
    const statement = statementOfIssuer(
      'opaque' as PresentedToken,
      { sub: 'u' },
      {
        issuer,
        missingSubject: 'refused',
      },
    );
    expect(statement).toEqual({
      header: { alg: '' },
      claims: { iss: issuer, sub: 'u' },
      issuer,
      fingerprint: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(JSON.stringify(statement)).not.toContain('opaque');
  });

  it.each(['https://other.example', '', null, 7])('leaves an iss of %p as it is', (iss) => {
    expect(claimsOf({ iss })).toEqual({ iss });
  });

  it('makes nobody the subject where the answer names none', () => {
    expect(claimsOf({ client_id: 'c' })).toEqual({ iss: issuer, client_id: 'c' });
  });

  it('makes the client the subject where the configuration says so', () => {
    expect(claimsOf({ client_id: 'c' }, 'client')).toEqual({ iss: issuer, sub: 'c', client_id: 'c' });
  });

  it.each(['u', '', null])('leaves a sub of %p as it is, all the same', (sub) => {
    expect(claimsOf({ sub, client_id: 'c' }, 'client')).toMatchObject({ sub });
  });

  it('makes the client no subject where the answer names a user in another way', () => {
    expect(claimsOf({ username: 'alice', client_id: 'c' }, 'client')).not.toHaveProperty('sub');
  });
});
