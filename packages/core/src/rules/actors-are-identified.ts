import { actorsOf, maximumActorDepth } from '../delegation/actor.js';
import { reject, satisfied, type Rule } from './rule.js';

/**
 * Whoever acts for the subject is somebody: `act`, where present, is an object with a subject, and so is each `act`
 * inside it, to a bounded depth. What else stands inside is not judged: a time there is nobody's expiry.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 8693 section 4.1.
 */
export const actorsAreIdentified: Rule = {
  guarantees: `act, where present, identifies each of at most ${String(maximumActorDepth)} actors`,
  spec: 'RFC 8693 section 4.1',
  check: ({ claims: { act }, issuer }) =>
    actorsOf(act, issuer) === undefined ? reject('token.claim-invalid', 'malformed', 'act') : satisfied,
};
