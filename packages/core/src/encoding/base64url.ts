/**
 * The bytes of an unpadded, canonical base64url text, or `undefined` when it is anything else.
 *
 * Node's decoder skips what it does not know and accepts spare bits. Encoding the result again and comparing
 * refuses all of it at once: padding, the other alphabet, white space, non-canonical endings, impossible lengths.
 *
 * Spec: RFC 7515 section 2; RFC 4648 section 3.5.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
