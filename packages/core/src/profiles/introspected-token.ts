import { actorsAreIdentified } from '../rules/actors-are-identified.js';
import { audienceNamesThisResource } from '../rules/audience-names-this-resource.js';
import { authorizationDetailsAreTyped } from '../rules/authorization-details-are-typed.js';
import { claimIsAListIfPresent, claimIsAStringIfPresent, claimIsPresent } from '../rules/claim-is.js';
import { issuerIsTheChosenOne } from '../rules/issuer-is-the-chosen-one.js';
import { subjectIsAccepted } from '../rules/subject-is-accepted.js';
import {
  lifetimeIsBounded,
  notExpired,
  notIssuedInTheFuture,
  notOlderThanAllowed,
  notUsedBeforeItsTime,
} from '../rules/times.js';
import { tokenTypeFitsConfirmation } from '../rules/token-type-fits-confirmation.js';
import type { Profile } from './profile.js';

/**
 * Access tokens that an introspection endpoint calls active. That it does so is not enough: everything that limits the
 * token is judged here again, by the rules that judge it in a JWT.
 *
 * The members are optional in RFC 7662; those that say whose token it is, for whom and for how long are required here,
 * because nobody could be told apart, nor anything refused, without them.
 *
 * Spec: RFC 7662 sections 2.2 and 4.
 */
export const introspectedToken: Profile<'access-token'> = {
  kind: 'access-token',
  name: 'introspected-token',
  spec: 'RFC 7662 section 2.2',
  rules: [
    issuerIsTheChosenOne, //                 2.2, iss; the configured one where it is absent
    audienceNamesThisResource, //            2.2, aud; 4
    notExpired, //                           2.2, exp; 4
    notUsedBeforeItsTime, //                 2.2, nbf; 4
    notIssuedInTheFuture, //                 2.2, iat
    notOlderThanAllowed, //                  2.2, iat
    lifetimeIsBounded, //                    2.2, exp
    claimIsPresent('sub'), //                2.2, sub
    subjectIsAccepted, //                    RFC 8725 3.8
    claimIsPresent('client_id'), //          2.2, client_id
    claimIsAStringIfPresent('scope'), //     2.2, scope
    claimIsAListIfPresent('amr'), //         RFC 9470 6.2
    actorsAreIdentified, //                  RFC 8693 4.1
    authorizationDetailsAreTyped, //         RFC 9396 9.2
    tokenTypeFitsConfirmation, //            2.2, token_type; RFC 9449 6.2
  ],
};

/**
 * What an introspection endpoint says of a token that was verified here already: the answer limits it, and adds nothing.
 * What the answer leaves out is taken from the token.
 *
 * Spec: RFC 7662 sections 2.2 and 4.
 */
export const introspectedAgain: Profile<'access-token'> = {
  kind: 'access-token',
  name: 'introspected-again',
  spec: 'RFC 7662 section 4',
  rules: [
    audienceNamesThisResource, //            2.2, aud; 4
    notExpired, //                           2.2, exp; 4
    notUsedBeforeItsTime, //                 2.2, nbf; 4
    claimIsAStringIfPresent('scope'), //     2.2, scope
    authorizationDetailsAreTyped, //         RFC 9396 9.2
    tokenTypeFitsConfirmation, //            2.2, token_type; RFC 9449 6.2
  ],
};
