import type { HostileRequest } from '@assay/testing';

/** The parts of what a request carries that no answer and no log may hold. Short ones may stand anywhere by chance. */
export function secretsOf({ headers, query, body = {} }: HostileRequest): readonly string[] {
  const carried = [headers['authorization'], headers['cookie'], query['access_token'], body['access_token']];
  const parts = carried.flatMap((text = '') => text.split(/[\s.,"=]+/));
  return [...new Set(parts)].filter((part) => part.length > 16 && !isRepetition(part));
}

function isRepetition(text: string): boolean {
  return new Set(text).size === 1;
}
