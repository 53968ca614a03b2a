const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Whether a text is an https URL, or plain http on loopback where that is allowed.
 *
 * A URL parser mends white space, back slashes and missing slashes; what needs mending is refused, and so is a URL
 * with a user name or password in it.
 */
export function isSecureUrl(
  text: string,
  { allowInsecureLoopback }: { allowInsecureLoopback: boolean },
): boolean {
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s\p{Cc}\\]/u.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (allowInsecureLoopback && loopbackHosts.has(hostname));
}
