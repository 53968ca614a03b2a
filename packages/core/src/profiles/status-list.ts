import { audienceNamesThisReceiverIfPresent } from '../rules/audience-names-this-resource.js';
import { claimIsATime, claimIsPresent } from '../rules/claim-is.js';
import { statusListIsUsable } from '../rules/status-list-is-usable.js';
import { subjectIsAccepted } from '../rules/subject-is-accepted.js';
import { timeToLiveIsPositive } from '../rules/time-to-live-is-positive.js';
import { notExpiredIfPresent, notIssuedInTheFuture, notUsedBeforeItsTime } from '../rules/times.js';
import { typeIs } from '../rules/type-is.js';
import type { Profile } from './profile.js';

/**
 * Lists of the statuses of many tokens. Spec: draft-ietf-oauth-status-list section 5.1.
 *
 * The specification knows no `iss`: whose list it is, the configuration says. The one subject that is accepted is the
 * URI of the reference.
 */
export const statusList: Profile<'status-list'> = {
  kind: 'status-list',
  name: 'status-list',
  spec: 'draft-ietf-oauth-status-list section 5.1',
  rules: [
    typeIs('statuslist+jwt'), //              5.1, typ
    claimIsPresent('sub'), //                 5.1, sub
    subjectIsAccepted, //                     8.3, step 4a
    claimIsATime('iat'), //                   5.1, iat
    notIssuedInTheFuture, //                  RFC 7519 4.1.6
    notExpiredIfPresent, //                   5.1, exp; 8.3, step 4c
    notUsedBeforeItsTime, //                  RFC 7519 4.1.5
    audienceNamesThisReceiverIfPresent, //    RFC 7519 4.1.3
    timeToLiveIsPositive, //                  5.1, ttl
    statusListIsUsable, //                    5.1, status_list; 4.2
  ],
};
