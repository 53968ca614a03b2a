import type { TokenScheme } from './steps/extract-token.js';

/**
 * Under which schemes the request behind a failure or a principal presented its token: a failure is answered in the
 * scheme that the client used. Kept beside the values, because it says nothing about them.
 */
const schemesBehind = new WeakMap<object, readonly TokenScheme[]>();

/** Notes the schemes of the request behind a value, and returns the value. */
export function withSchemes<Value>(value: Value, schemes: readonly TokenScheme[]): Value {
  if (typeof value === 'object' && value !== null) schemesBehind.set(value, schemes);
  return value;
}

/** The schemes of the request behind a value; none where that was not noted. */
export function schemesOf(value: unknown): readonly TokenScheme[] {
  return (typeof value === 'object' && value !== null && schemesBehind.get(value)) || [];
}
