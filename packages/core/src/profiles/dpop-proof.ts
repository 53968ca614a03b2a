import type { FailureCode } from '../failures.js';
import {
  accessTokenIsThatOfTheRequest,
  methodIsThatOfTheRequest,
  uriIsThatOfTheRequest,
} from '../rules/proof-fits-the-request.js';
import { nonceIsFromThisServer, proofIsRecent } from '../rules/proof-is-fresh.js';
import type { Rule } from '../rules/rule.js';
import { notExpiredIfPresent, notUsedBeforeItsTime } from '../rules/times.js';
import { tokenIdIsUsable } from '../rules/token-id-is-usable.js';
import { typeIs } from '../rules/type-is.js';
import type { Profile } from './profile.js';

/** A rule that other profiles share, with the code that its refusal has for a proof. */
function ofAProof(rule: Rule, code: FailureCode): Rule {
  return {
    ...rule,
    check: (token, expected) => {
      const finding = rule.check(token, expected);
      return finding === undefined ? undefined : { ...finding, code };
    },
  };
}

/** Proofs of possession for one request. Spec: RFC 9449 section 4.3. */
export const dpopProof: Profile<'dpop-proof'> = {
  kind: 'dpop-proof',
  name: 'dpop-proof',
  spec: 'RFC 9449 section 4.3',
  rules: [
    ofAProof(typeIs('dpop+jwt'), 'proof.type-mismatch'), //     check 4
    ofAProof(tokenIdIsUsable, 'proof.claim-invalid'), //        check 3, jti
    methodIsThatOfTheRequest, //                                check 8
    uriIsThatOfTheRequest, //                                   check 9
    accessTokenIsThatOfTheRequest, //                           check 12
    nonceIsFromThisServer, //                                   check 10
    proofIsRecent, //                                           check 11
    // Nobody has to write these, but who does means it (RFC 7519 sections 4.1.4 and 4.1.5).
    ofAProof(notExpiredIfPresent, 'proof.too-old'),
    ofAProof(notUsedBeforeItsTime, 'proof.not-yet-valid'),
  ],
};
