import { describe, expect, it } from '@jest/globals';
import { keycloak } from '../../src/compatibility/keycloak.js';
import { introspectedProfile } from '../../src/introspection/introspected-profile.js';
import { accessToken } from '../../src/profiles/access-token.js';
import { standardReading } from '../../src/profiles/claim-reading.js';
import { defineProfile } from '../../src/profiles/define-profile.js';
import { introspectedToken } from '../../src/profiles/introspected-token.js';
import { claimEquals } from '../../src/rules/claim-equals.js';

describe('introspectedProfile', () => {
  it('is that of introspected tokens, where nobody has added anything', () => {
    const profile = introspectedProfile(accessToken);
    expect(profile).toMatchObject({ kind: 'access-token', name: 'introspected-token' });
    expect(profile.rules).toEqual(introspectedToken.rules);
  });

  it('has the rules that somebody has added for JWTs', () => {
    const added = claimEquals('tenant', 'acme');
    const stricter = defineProfile({ name: 'payments', extends: accessToken, rules: [added] });
    expect(introspectedProfile(stricter).rules).toEqual([...introspectedToken.rules, added]);
  });

  it('has nothing of a preset: neither its rules nor its names', () => {
    const profile = introspectedProfile(keycloak.profile);
    expect(profile.rules).toEqual(introspectedToken.rules);
    expect(profile.reading?.clientId).toEqual(standardReading.clientId);
  });

  it('tells users from clients as the JWTs of the issuer are told', () => {
    const subjectKind = () => 'user' as const;
    const own = { ...accessToken, reading: { ...standardReading, subjectKind } };
    expect(introspectedProfile(own).reading?.subjectKind({})).toBe('user');
  });

  it('is worked out once for each profile', () => {
    expect(introspectedProfile(accessToken)).toBe(introspectedProfile(accessToken));
  });
});
