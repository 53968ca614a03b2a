import {
  scopeList,
  standardReading,
  type ClaimReading,
  type SubjectKind,
} from '../profiles/claim-reading.js';
import type { Claims } from '../evidence.js';
import { claimEquals } from '../rules/claim-equals.js';
import { claimIsAStringIfPresent } from '../rules/claim-is.js';
import { lenientProfile } from './lenient-profile.js';
import type { CompatibilityPreset } from './preset.js';

const source = 'https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference';

const reading: ClaimReading = {
  ...standardReading,
  scopes: ({ scp }) => scopeList(scp),
  tokenId: ['uti', 'jti'],
  subjectKind,
};

/** Microsoft Entra ID, version 2.0 tokens (`requestedAccessTokenVersion` 2). */
export const entraV2: CompatibilityPreset = {
  vendor: 'Microsoft Entra ID (v2.0 tokens)',
  source,
  relaxes: [
    'typ may be JWT or absent',
    'the client is named by azp',
    'scopes stand in scp',
    'the token is identified by uti, which may be absent',
  ],
  issuerLooksLike: /^https:\/\/login\.microsoftonline\.(com|us)\/[^/]+\/v2\.0$/,
  profile: lenientProfile({
    name: 'access-token-entra-v2',
    types: ['JWT', 'at+jwt'],
    required: ['azp'],
    exceptMarks: ['azp'],
    markedBy: [claimEquals('ver', '2.0'), claimIsAStringIfPresent('scp')],
    reading: { ...reading, clientId: ['azp'] },
  }),
};

/** Microsoft Entra ID, version 1.0 tokens. */
export const entraV1: CompatibilityPreset = {
  vendor: 'Microsoft Entra ID (v1.0 tokens)',
  source,
  relaxes: [
    'typ may be JWT or absent',
    'the client is named by appid',
    'scopes stand in scp',
    'the token is identified by uti, which may be absent',
  ],
  issuerLooksLike: /^https:\/\/sts\.windows\.net\/[^/]+\/$/,
  profile: lenientProfile({
    name: 'access-token-entra-v1',
    types: ['JWT', 'at+jwt'],
    required: ['appid'],
    markedBy: [claimEquals('ver', '1.0'), claimIsAStringIfPresent('scp')],
    reading: { ...reading, clientId: ['appid'] },
  }),
};

// Delegated tokens carry scp; `idtyp` is an optional claim that says it outright.
function subjectKind(claims: Claims): SubjectKind {
  if (claims['idtyp'] === 'app') return 'client';
  if (claims['idtyp'] === 'user' || claims['scp'] !== undefined) return 'user';
  return 'unknown';
}
