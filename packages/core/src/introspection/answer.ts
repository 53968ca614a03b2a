import { deepFreeze } from '../encoding/deep-freeze.js';
import { isJsonObject } from '../encoding/strict-json.js';
import type { Claims } from '../evidence.js';

/** What an introspection endpoint says of a token. Of an inactive one, it is not listened to any further. */
export type IntrospectionAnswer =
  { readonly active: false } | { readonly active: true; readonly members: Claims };

const inactive: IntrospectionAnswer = Object.freeze({ active: false });

/**
 * The answer that a JSON object is. Only the boolean `true` is active; `undefined` for what is no object at all.
 *
 * Spec: RFC 7662 section 2.2.
 */
export function introspectionAnswerFrom(object: unknown): IntrospectionAnswer | undefined {
  if (!isJsonObject(object)) return undefined;
  const { active, ...members } = object;
  return active === true ? Object.freeze({ active, members: deepFreeze(members) }) : inactive;
}
