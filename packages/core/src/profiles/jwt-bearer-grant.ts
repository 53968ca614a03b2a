import { audienceNamesOnlyThisServer } from '../rules/audience-names-this-resource.js';
import { claimIsPresent } from '../rules/claim-is.js';
import { issuerIsTheChosenOne } from '../rules/issuer-is-the-chosen-one.js';
import { subjectIsAccepted } from '../rules/subject-is-accepted.js';
import { lifetimeIsBounded, notExpired, notIssuedInTheFuture, notUsedBeforeItsTime } from '../rules/times.js';
import { tokenIdIsUsable } from '../rules/token-id-is-usable.js';
import { typeIsUnspecifiedOr } from '../rules/type-is.js';
import type { Profile } from './profile.js';

/**
 * JWTs that are exchanged for an access token at the token endpoint. Spec: RFC 7523 sections 2.1 and 3.
 *
 * The kind has no type of its own, so any other kind's type is refused and the claim rules do the rest.
 */
export const jwtBearerGrant: Profile<'jwt-bearer-grant'> = {
  kind: 'jwt-bearer-grant',
  name: 'jwt-bearer-grant',
  spec: 'RFC 7523 section 3',
  rules: [
    typeIsUnspecifiedOr(), //            RFC 8725 3.11, 3.12
    issuerIsTheChosenOne, //             3, item 1
    audienceNamesOnlyThisServer, //      3, item 3
    notExpired, //                       3, item 4
    notUsedBeforeItsTime, //             3, item 5
    notIssuedInTheFuture, //             3, item 6
    lifetimeIsBounded, //                3, items 4 and 6
    claimIsPresent('sub'), //            3, item 2
    subjectIsAccepted, //                3, item 2
    tokenIdIsUsable, //                  3, item 7
  ],
};
