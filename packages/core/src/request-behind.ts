import type { EvidenceTrace } from './evidence-trace.js';
import type { PointedMetadata } from './metadata/challenged-metadata.js';
import type { TokenScheme } from './steps/extract-token.js';

/** What is known of the request behind a principal or a failure. */
export interface RequestBehind {
  /** Under which schemes it presented its token: a failure is answered in the scheme that the client used. */
  readonly schemes: readonly TokenScheme[];
  /** What became of its token, where decisions are recorded. */
  readonly trace?: EvidenceTrace | undefined;
  /** The metadata of what it was for: a challenge points there. */
  readonly metadata?: PointedMetadata | undefined;
}

// Kept beside the values, because it says nothing about them.
const requestsBehind = new WeakMap<object, RequestBehind>();

const unknown: RequestBehind = { schemes: [] };

/** Notes the request behind a value, and returns the value. */
export function withRequest<Value>(value: Value, behind: RequestBehind): Value {
  if (typeof value === 'object' && value !== null) requestsBehind.set(value, behind);
  return value;
}

/** The request behind a value, as far as it was noted. */
export function requestBehind(value: unknown): RequestBehind {
  return (typeof value === 'object' && value !== null && requestsBehind.get(value)) || unknown;
}
