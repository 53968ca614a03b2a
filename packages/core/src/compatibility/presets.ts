import { auth0 } from './auth0.js';
import { cognito } from './cognito.js';
import { entraV1, entraV2 } from './entra.js';
import { google } from './google.js';
import { keycloak } from './keycloak.js';
import { okta } from './okta.js';
import type { CompatibilityPreset } from './preset.js';
import { withoutTyp } from './without-typ.js';

/** Every compatibility preset, by the name that an issuer entry gives. */
export const compatibilityPresets = {
  auth0,
  cognito,
  'entra-v1': entraV1,
  'entra-v2': entraV2,
  google,
  keycloak,
  okta,
  'without-typ': withoutTyp,
} as const satisfies Record<string, CompatibilityPreset>;

/** The name of a compatibility preset. */
export type CompatibilityName = keyof typeof compatibilityPresets;

/** The names of the presets whose vendor has issuer identifiers that look like this one. */
export function presetsThatLookLike(issuer: string): readonly CompatibilityName[] {
  const entries = Object.entries(compatibilityPresets) as [CompatibilityName, CompatibilityPreset][];
  return entries.filter(([, { issuerLooksLike }]) => issuerLooksLike?.test(issuer)).map(([name]) => name);
}
