import { standardReading, subjectKindByClientId } from '../profiles/claim-reading.js';
import { claimEquals } from '../rules/claim-equals.js';
import { lenientProfile } from './lenient-profile.js';
import type { CompatibilityPreset } from './preset.js';

/** Keycloak, where the client does not have "Use at+jwt as access token header type" switched on. */
export const keycloak: CompatibilityPreset = {
  vendor: 'Keycloak',
  source: 'https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients',
  relaxes: ['typ may be JWT or absent', 'the client is named by azp'],
  issuerLooksLike: /^https?:\/\/[^?#]+\/realms\/[^/]+$/,
  profile: lenientProfile({
    name: 'access-token-keycloak',
    types: ['JWT', 'at+jwt'],
    required: ['azp', 'jti'],
    exceptMarks: ['azp'],
    // The claim typ, not the header parameter: ID tokens say ID, logout tokens say Logout.
    markedBy: [claimEquals('typ', 'Bearer')],
    reading: {
      ...standardReading,
      clientId: ['azp', 'client_id'],
      subjectKind: (claims) =>
        claims['preferred_username'] === `service-account-${String(claims['azp']).toLowerCase()}`
          ? 'client'
          : subjectKindByClientId('azp')(claims),
    },
  }),
};
