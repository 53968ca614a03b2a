import { standardReading, subjectKindByClientId } from '../profiles/claim-reading.js';
import { audienceNamesThisResource } from '../rules/audience-names-this-resource.js';
import { claimEquals } from '../rules/claim-equals.js';
import { reject, satisfied, type Rule } from '../rules/rule.js';
import { isString } from '../rules/shapes.js';
import { lenientProfile } from './lenient-profile.js';
import type { CompatibilityPreset } from './preset.js';

/**
 * The token names this resource server in `aud`, or, having no `aud`, comes from a client that is configured as an
 * audience.
 *
 * Error: `token.audience-mismatch`.
 */
const audienceOrClientIsConfigured: Rule = {
  guarantees: 'aud names this receiver, or client_id is one of its audiences',
  spec: 'Amazon Cognito developer guide',
  check: (token, expected) => {
    const { aud, client_id: clientId } = token.claims;
    if (aud !== undefined) return audienceNamesThisResource.check(token, expected);
    return isString(clientId) && expected.audiences.includes(clientId)
      ? satisfied
      : reject('token.audience-mismatch', 'mismatch', 'client_id');
  },
};

/** Amazon Cognito user pools. */
export const cognito: CompatibilityPreset = {
  vendor: 'Amazon Cognito',
  source:
    'https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html',
  relaxes: ['typ may be absent', 'without aud, client_id has to be one of the configured audiences'],
  issuerLooksLike: /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com\/[^/]+$/,
  profile: lenientProfile({
    name: 'access-token-cognito',
    types: ['at+jwt'],
    required: ['client_id', 'jti'],
    markedBy: [claimEquals('token_use', 'access')],
    audience: audienceOrClientIsConfigured,
    reading: {
      ...standardReading,
      audience: ['aud', 'client_id'],
      subjectKind: (claims) =>
        claims['username'] === undefined ? subjectKindByClientId('client_id')(claims) : 'user',
    },
  }),
};
