import { reject, satisfied, type Rule } from './rule.js';

/** Claims that only another kind of JWT has, by that kind. None of them belongs into an access token. */
const marks: Readonly<Record<string, readonly string[]>> = {
  'ID token': ['nonce', 'at_hash', 'c_hash', 's_hash', 'azp'],
  'logout token or security event': ['events', 'sub_id', 'toe'],
  'authorization request': ['response_type', 'redirect_uri', 'request_uri', 'code_challenge'],
  'authorization response': ['code', 'state', 'response', 'error'],
  'identity assertion grant': ['resource'],
  'DPoP proof': ['htm', 'htu', 'ath'],
  'introspection response': ['token_introspection'],
  'status list': ['status_list', 'ttl'],
  'SD-JWT': ['vct', '_sd', '_sd_alg', 'sd_hash', '_sd_hash'],
  'entity attestation': ['eat_nonce', 'eat_profile', 'ueid', 'submods'],
  'client attestation proof': ['challenge'],
};

const allMarks = Object.values(marks).flat();

/**
 * The token has no claim that marks another kind of JWT. For issuers whose access tokens do not say what they are:
 * there, a matching audience must not be all that keeps the kinds apart.
 *
 * `except` names the marks that the issuer's own access tokens carry.
 *
 * Error: `token.type-mismatch`.
 * Spec: RFC 8725 section 3.12.
 */
export function lacksMarksOfOtherKinds({ except = [] }: { readonly except?: readonly string[] } = {}): Rule {
  const foreign = allMarks.filter((claim) => !except.includes(claim));
  return {
    guarantees: 'no claim marks another kind of JWT',
    spec: 'RFC 8725 section 3.12',
    check: ({ claims }) => {
      const mark = foreign.find((claim) => Object.hasOwn(claims, claim));
      return mark === undefined ? satisfied : reject('token.type-mismatch', 'mismatch', mark);
    },
  };
}
