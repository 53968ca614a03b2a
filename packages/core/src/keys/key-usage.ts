import { isKnownAlgorithm } from '../algorithms.js';

const signatureOperations = new Set<unknown>(['sign', 'verify']);

/**
 * Why the `use`, `key_ops` and `alg` of a JWK do not let it verify signatures, or `undefined` when they do. All
 * three are optional; those that are present must agree.
 *
 * Spec: RFC 7517 sections 4.2, 4.3 and 4.4.
 */
export function usageRefusal({
  use,
  key_ops: operations,
  alg,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (use !== undefined && use !== 'sig') return 'use is not sig';
  if (alg !== undefined && (typeof alg !== 'string' || !isKnownAlgorithm(alg))) return 'alg is not supported';
  if (operations === undefined) return undefined;
  if (!isListOfDistinctTexts(operations)) return 'key_ops is malformed';
  if (!operations.includes('verify')) return 'key_ops does not allow verify';
  if (use === 'sig' && !operations.every((operation) => signatureOperations.has(operation))) {
    return 'key_ops does not agree with use';
  }
  return undefined;
}

function isListOfDistinctTexts(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || new Set(value).size !== value.length) return false;
  return value.every((member) => typeof member === 'string');
}
