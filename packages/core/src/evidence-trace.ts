import type { PresentedToken, UnverifiedToken, VerifiedToken } from './evidence.js';
import type { Profile } from './profiles/profile.js';
import type { Expected } from './rules/rule.js';

/**
 * What became of one token on its way through the steps, for the record: as far as it came. Filled in by the steps, and
 * read when the decision is recorded.
 */
export interface EvidenceTrace {
  presented?: PresentedToken;
  unverified?: UnverifiedToken;
  verified?: VerifiedToken;
  /** By which rules the verified token was judged, and what was expected of it. */
  judgedBy?: { readonly profile: Profile; readonly expected: Expected };
}
