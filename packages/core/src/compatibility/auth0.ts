import { standardReading, subjectKindByClientId } from '../profiles/claim-reading.js';
import { lenientProfile } from './lenient-profile.js';
import type { CompatibilityPreset } from './preset.js';

/** Auth0's own token profile, the default of its APIs. Its RFC 9068 profile needs no preset. */
export const auth0: CompatibilityPreset = {
  vendor: 'Auth0',
  source: 'https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles',
  relaxes: ['typ may be JWT or absent', 'the client is named by azp', 'jti may be absent'],
  issuerLooksLike: /^https:\/\/[^/]+\.auth0\.com\/$/,
  profile: lenientProfile({
    name: 'access-token-auth0',
    types: ['JWT', 'at+jwt'],
    required: ['azp'],
    exceptMarks: ['azp'],
    reading: {
      ...standardReading,
      clientId: ['azp', 'client_id'],
      // A client that acts for itself has "@clients" behind its identifier.
      subjectKind: (claims) =>
        claims['sub'] === `${String(claims['azp'])}@clients`
          ? 'client'
          : subjectKindByClientId('azp')(claims),
    },
  }),
};
