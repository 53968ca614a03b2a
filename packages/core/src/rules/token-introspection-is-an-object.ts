import { isJsonObject } from '../encoding/strict-json.js';
import { reject, satisfied, type Rule } from './rule.js';

/**
 * What the answer says of the token stands in an object of its own, where nobody takes it for claims of the answer.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 9701 section 5.
 */
export const tokenIntrospectionIsAnObject: Rule = {
  guarantees: 'token_introspection is an object',
  spec: 'RFC 9701 section 5',
  check: ({ claims: { token_introspection: object } }) => {
    if (isJsonObject(object)) return satisfied;
    const reason = object === undefined ? 'missing' : 'malformed';
    return reject('token.claim-invalid', reason, 'token_introspection');
  },
};
