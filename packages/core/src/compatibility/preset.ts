import type { Profile } from '../profiles/profile.js';

/** How an identity provider's access tokens differ from RFC 9068, and what we relax on its account. */
export interface CompatibilityPreset {
  readonly vendor: string;
  /** The vendor's page that the shape comes from. */
  readonly source: string;
  /** What is relaxed against RFC 9068, a sentence each. */
  readonly relaxes: readonly string[];
  readonly profile: Profile<'access-token'>;
  /** What the issuer identifiers of this vendor look like; for hints alone. */
  readonly issuerLooksLike?: RegExp;
}
