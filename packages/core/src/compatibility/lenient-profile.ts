import { actorsAreIdentified } from '../rules/actors-are-identified.js';
import { audienceNamesThisResource } from '../rules/audience-names-this-resource.js';
import { authorizationDetailsAreTyped } from '../rules/authorization-details-are-typed.js';
import {
  claimIsAListIfPresent,
  claimIsAStringIfPresent,
  claimIsATime,
  claimIsPresent,
} from '../rules/claim-is.js';
import { issuerIsTheChosenOne } from '../rules/issuer-is-the-chosen-one.js';
import { lacksMarksOfOtherKinds } from '../rules/lacks-marks-of-other-kinds.js';
import type { Rule } from '../rules/rule.js';
import { subjectIsAccepted } from '../rules/subject-is-accepted.js';
import {
  lifetimeIsBounded,
  notExpired,
  notIssuedInTheFuture,
  notOlderThanAllowed,
  notUsedBeforeItsTime,
} from '../rules/times.js';
import { typeIsAbsentOr } from '../rules/type-is.js';
import type { ClaimReading } from '../profiles/claim-reading.js';
import type { Profile } from '../profiles/profile.js';

/** What makes one issuer's access tokens different. */
export interface LenientProfile {
  readonly name: string;
  /** The values of `typ` that pass, beside none at all. */
  readonly types: readonly string[];
  /** The claims that must be there, beside `sub`, `iat` and `exp`. */
  readonly required: readonly string[];
  /** The claims of other kinds that these access tokens carry as well. */
  readonly exceptMarks?: readonly string[];
  /** What marks these tokens as access tokens. */
  readonly markedBy?: readonly Rule[];
  /** Default: `aud` names this resource server. */
  readonly audience?: Rule;
  readonly reading: ClaimReading;
}

/**
 * The profile of access tokens that do not follow RFC 9068: as strict as the dialect allows. Where `typ` does not say
 * what the token is, the marks of the other kinds have to be absent.
 */
export function lenientProfile(dialect: LenientProfile): Profile<'access-token'> {
  const { name, types, required, exceptMarks, markedBy = [], audience = audienceNamesThisResource } = dialect;
  return {
    kind: 'access-token',
    name,
    spec: 'RFC 9068 section 4, relaxed',
    rules: [
      typeIsAbsentOr(...types),
      ...markedBy,
      lacksMarksOfOtherKinds(exceptMarks === undefined ? {} : { except: exceptMarks }),
      issuerIsTheChosenOne,
      audience,
      notExpired,
      notUsedBeforeItsTime,
      claimIsATime('iat'),
      notIssuedInTheFuture,
      notOlderThanAllowed,
      lifetimeIsBounded,
      ...['sub', ...required].map(claimIsPresent),
      subjectIsAccepted,
      claimIsAStringIfPresent('scope'),
      claimIsAListIfPresent('amr'),
      actorsAreIdentified,
      authorizationDetailsAreTyped,
    ],
    reading: dialect.reading,
  };
}
