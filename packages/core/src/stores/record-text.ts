/**
 * The JSON text of a record's value.
 *
 * Units: bytes of UTF-8.
 * Error: throws when the value has no JSON text, or one that is too long. No message holds the value.
 */
export function recordText(value: unknown, maximumRecordBytes: number): string {
  const text = jsonText(value);
  if (Buffer.byteLength(text) > maximumRecordBytes) throw new RangeError('the record is too large');
  return text;
}

function jsonText(value: unknown): string {
  let text: unknown;
  try {
    text = JSON.stringify(value);
  } catch {
    // A message about a circular value names its members, and `toJSON` may say anything: neither is passed on.
  }
  if (typeof text !== 'string') throw new TypeError('the value of the record is not JSON');
  return text;
}
