import { audienceNamesThisResource } from '../rules/audience-names-this-resource.js';
import { claimIsATime } from '../rules/claim-is.js';
import { issuerIsTheChosenOne } from '../rules/issuer-is-the-chosen-one.js';
import {
  notExpiredIfPresent,
  notIssuedInTheFuture,
  notOlderThanAllowed,
  notUsedBeforeItsTime,
} from '../rules/times.js';
import { tokenIntrospectionIsAnObject } from '../rules/token-introspection-is-an-object.js';
import { typeIs } from '../rules/type-is.js';
import type { Profile } from './profile.js';

/**
 * Signed answers of introspection endpoints. What they say of a token stands in `token_introspection`, and is judged by
 * a profile of its own (`introspectedToken`).
 *
 * Spec: RFC 9701 section 5.
 */
export const introspectionResponse: Profile<'introspection-response'> = {
  kind: 'introspection-response',
  name: 'introspection-response',
  spec: 'RFC 9701 section 5',
  rules: [
    typeIs('token-introspection+jwt'), //    5, typ
    issuerIsTheChosenOne, //                 5, iss
    audienceNamesThisResource, //            5, aud
    claimIsATime('iat'), //                  5, iat
    notIssuedInTheFuture, //                 RFC 7519 4.1.6
    notOlderThanAllowed, //                  5, iat: the answer was made for this question
    notExpiredIfPresent, //                  RFC 7519 4.1.4
    notUsedBeforeItsTime, //                 RFC 7519 4.1.5
    tokenIntrospectionIsAnObject, //         5, token_introspection
  ],
};
