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
import { subjectIsAccepted } from '../rules/subject-is-accepted.js';
import {
  lifetimeIsBounded,
  notExpired,
  notIssuedInTheFuture,
  notOlderThanAllowed,
  notUsedBeforeItsTime,
} from '../rules/times.js';
import { typeIs } from '../rules/type-is.js';
import type { Profile } from './profile.js';

/**
 * JWT access tokens presented to a resource server. `acr` and `auth_time` are not judged here: a route that needs them
 * takes what is malformed for absent, and asks for another login (`stepUp`).
 *
 * Spec: RFC 9068 section 4.
 */
export const accessToken: Profile<'access-token'> = {
  kind: 'access-token',
  name: 'access-token',
  spec: 'RFC 9068 section 4',
  rules: [
    typeIs('at+jwt'), //                    4, typ
    issuerIsTheChosenOne, //                4, iss
    audienceNamesThisResource, //           4, aud
    notExpired, //                          4, exp
    notUsedBeforeItsTime, //                RFC 7519 4.1.5
    claimIsATime('iat'), //                 2.2
    notIssuedInTheFuture, //                RFC 7519 4.1.6
    notOlderThanAllowed, //                 RFC 7519 4.1.6
    lifetimeIsBounded, //                   RFC 7519 4.1.4
    claimIsPresent('sub'), //               2.2
    subjectIsAccepted, //                   RFC 8725 3.8
    claimIsPresent('client_id'), //         2.2
    claimIsPresent('jti'), //               2.2
    claimIsAStringIfPresent('scope'), //    2.2.3
    claimIsAListIfPresent('amr'), //        2.2.1
    actorsAreIdentified, //                 RFC 8693 4.1
    authorizationDetailsAreTyped, //        RFC 9396 2
  ],
};
