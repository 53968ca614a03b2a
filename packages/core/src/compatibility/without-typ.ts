import { standardReading } from '../profiles/claim-reading.js';
import { lenientProfile } from './lenient-profile.js';
import type { CompatibilityPreset } from './preset.js';

/** Access tokens that follow RFC 9068 in all but their type. */
export const withoutTyp: CompatibilityPreset = {
  vendor: 'an issuer that follows RFC 9068 but for typ',
  source: 'https://www.rfc-editor.org/rfc/rfc9068#section-2.1',
  relaxes: ['typ may be absent'],
  profile: lenientProfile({
    name: 'access-token-without-typ',
    types: ['at+jwt'],
    required: ['client_id', 'jti'],
    reading: standardReading,
  }),
};
