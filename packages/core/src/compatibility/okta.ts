import { standardReading, subjectKindByClientId } from '../profiles/claim-reading.js';
import { claimIsAListIfPresent } from '../rules/claim-is.js';
import { isListOf, isString } from '../rules/shapes.js';
import { lenientProfile } from './lenient-profile.js';
import type { CompatibilityPreset } from './preset.js';

/** Okta's custom authorization servers. */
export const okta: CompatibilityPreset = {
  vendor: 'Okta',
  source: 'https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/#access-token',
  relaxes: ['typ may be absent', 'the client is named by cid', 'scopes are the list scp'],
  issuerLooksLike: /^https:\/\/[^/]+\.(okta|oktapreview|okta-emea)\.com(\/oauth2\/[^/]+)?$/,
  profile: lenientProfile({
    name: 'access-token-okta',
    types: ['at+jwt'],
    required: ['cid', 'jti'],
    markedBy: [claimIsAListIfPresent('scp')],
    reading: {
      ...standardReading,
      clientId: ['cid'],
      scopes: ({ scp }) => (isListOf(isString)(scp) ? scp : []),
      subjectKind: (claims) => (claims['uid'] === undefined ? subjectKindByClientId('cid')(claims) : 'user'),
    },
  }),
};
