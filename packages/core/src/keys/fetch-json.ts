import { parseStrictJson } from '../encoding/strict-json.js';
import { failureAt, fetchBody, type FetchLimits } from './fetch-body.js';

export type { Fetch, FetchLimits } from './fetch-body.js';

/** What kind of JSON document is asked for. */
export interface ExpectedDocument {
  /** The `Accept` header. Default `application/json`. */
  readonly accept?: string;
  /** Refuses an answer that does not say it is JSON. Default false. */
  readonly typeRequired?: boolean;
}

/** `application/json`, or a type with the suffix `+json` (RFC 6839 section 3.1). */
export const jsonType = { pattern: /^application\/([\w.-]+\+)?json\s*(;|$)/i, name: 'application/json' };

/**
 * The JSON document at a URL: fetched as `fetchBody` does, strict JSON.
 *
 * Throws: `FetchFailure`.
 */
export async function fetchJson(
  url: string,
  limits: FetchLimits,
  { accept = 'application/json', typeRequired = false }: ExpectedDocument = {},
): Promise<unknown> {
  const body = await fetchBody(url, limits, { accept, type: typeRequired ? jsonType : undefined });
  const parsed = parseStrictJson(body);
  if ('value' in parsed) return parsed.value;
  throw failureAt(url)(`the answer is not usable JSON (${parsed.fault})`, { kind: 'content' });
}
