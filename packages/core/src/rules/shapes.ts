/** The shapes that claims can have, as type guards. */

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}

export function isNonEmptyString(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A NumericDate: a finite JSON number (RFC 7519 section 2). JSON's 1e400 arrives as Infinity and is none. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function isListOf<Member>(isMember: (value: unknown) => value is Member) {
  return (value: unknown): value is readonly Member[] => Array.isArray(value) && value.every(isMember);
}
