import { standardReading } from '../profiles/claim-reading.js';
import { lenientProfile } from './lenient-profile.js';
import type { CompatibilityPreset } from './preset.js';

/**
 * Google-signed identity tokens between services. Google's access tokens are opaque; what a service account sends to
 * another service is an identity token whose audience is that service.
 */
export const google: CompatibilityPreset = {
  vendor: 'Google',
  source: 'https://cloud.google.com/docs/authentication/token-types#id',
  relaxes: [
    'an identity token passes whose audience is this resource server',
    'typ may be JWT or absent',
    'the client is named by azp',
    'jti may be absent, and there are no scopes',
  ],
  issuerLooksLike: /^https:\/\/accounts\.google\.com$/,
  profile: lenientProfile({
    name: 'identity-token-google',
    types: ['JWT'],
    required: ['azp'],
    exceptMarks: ['azp', 'at_hash'],
    reading: {
      ...standardReading,
      clientId: ['azp'],
      subjectKind: ({ email }) =>
        typeof email === 'string' && email.endsWith('.gserviceaccount.com') ? 'client' : 'unknown',
    },
  }),
};
