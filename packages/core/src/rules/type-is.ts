import { reject, satisfied, type Rule } from './rule.js';

/**
 * The token's `typ` is the given media type.
 *
 * A type without a slash stands for `application/…`; media types compare without regard to case.
 *
 * Error: `token.type-mismatch`.
 * Spec: RFC 7515 section 4.1.9; RFC 8725 section 3.11.
 */
export function typeIs(expectedType: string): Rule {
  return {
    guarantees: `typ is ${expectedType}`,
    spec: 'RFC 8725 section 3.11; RFC 7515 section 4.1.9',
    check: ({ header: { typ } }) => {
      if (typ === undefined) return reject('token.type-mismatch', 'missing', 'typ');
      if (typeof typ !== 'string') return reject('token.type-mismatch', 'malformed', 'typ');
      return mediaType(typ) === mediaType(expectedType)
        ? satisfied
        : reject('token.type-mismatch', 'mismatch', 'typ');
    },
  };
}

/**
 * The token's `typ` is absent, or one of the given media types.
 *
 * Error: `token.type-mismatch`.
 * Spec: RFC 8725 sections 3.11 and 3.12.
 */
export function typeIsAbsentOr(...acceptedTypes: readonly string[]): Rule {
  const accepted = new Set(acceptedTypes.map(mediaType));
  return {
    guarantees: `typ is absent, or ${acceptedTypes.join(' or ')}`,
    spec: 'RFC 8725 sections 3.11 and 3.12',
    check: ({ header: { typ } }) => {
      if (typ === undefined) return satisfied;
      if (typeof typ !== 'string') return reject('token.type-mismatch', 'malformed', 'typ');
      return accepted.has(mediaType(typ)) ? satisfied : reject('token.type-mismatch', 'mismatch', 'typ');
    },
  };
}

/**
 * The token's `typ` is absent or the generic `JWT`, or one of the given media types: no other kind's type.
 *
 * Error: `token.type-mismatch`.
 * Spec: RFC 8725 sections 3.11 and 3.12.
 */
export function typeIsUnspecifiedOr(...acceptedTypes: readonly string[]): Rule {
  return typeIsAbsentOr('JWT', ...acceptedTypes);
}

function mediaType(typ: string): string {
  return (typ.includes('/') ? typ : `application/${typ}`).toLowerCase();
}
