import type { HostileRequest } from '@assay/testing';

/** The parts of what a request carries that no answer and no log may hold. */
export function secretsOf({ headers, query, body = {} }: HostileRequest): readonly string[] {
  const carried = [headers['authorization'], headers['cookie'], query['access_token'], body['access_token']];
  return [...new Set(carried.flatMap(secretsIn))];
}

/** The parts of a text that are secret. Short ones, and repetitions, may stand anywhere by chance. */
export function secretsIn(text = ''): readonly string[] {
  return text.split(/[\s.,"=]+/).filter((part) => part.length > 16 && new Set(part).size > 1);
}
