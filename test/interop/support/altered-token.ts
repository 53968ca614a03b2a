const positions = { header: 0, payload: 1, signature: 2 } as const;

/** A segment of a compact JWS. */
export type Segment = keyof typeof positions;

/** The token with one byte of one decoded segment changed, at the first place where a text is found or at the end. */
export function withByteChanged(
  token: string,
  { segment, within }: { segment: Segment; within?: string },
): string {
  const segments = token.split('.');
  const position = positions[segment];
  const bytes = Buffer.from(segments[position] ?? '', 'base64url');
  const at = within === undefined ? bytes.length - 1 : bytes.indexOf(within) + within.length - 1;
  if (at < 0) throw new Error(`the ${segment} does not contain ${String(within)}`);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  segments[position] = bytes.toString('base64url');
  return segments.join('.');
}

/** The claims of a token, unverified: for a test to compare with. */
export function claimsIn(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

/** The header of a token. */
export function headerOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}
