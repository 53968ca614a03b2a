/**
 * An http or https URI without query and fragment, in the one form that equivalent URIs share; `undefined` for
 * anything else.
 *
 * Scheme and host in lower case, no default port, no dot segments, no encoding where none is needed, its hexadecimal
 * digits in upper case. The case of the path stays as it is, and an encoded slash stays encoded.
 *
 * Spec: RFC 9449 section 4.3; RFC 3986 sections 6.2.2 and 6.2.3.
 */
export function normalisedUri(text: string): string | undefined {
  // The URL parser forgives what a URI cannot hold: white space, control characters, backslashes, slashes too few or too
  // many.
  if (
    text.length > maximumUriLength ||
    !/^https?:\/\/(?![/?#])[\x21-\x7e]+$/i.test(text) ||
    text.includes('\\')
  )
    return undefined;
  const url = parsed(text);
  if (url === undefined || url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/i.test(text)) {
    return undefined;
  }
  const path = normalisedPath(url.pathname);
  return path === undefined ? undefined : url.origin + path;
}

/** The longest URI that is compared. Units: characters. */
const maximumUriLength = 8 * 1024;

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function normalisedPath(path: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(path)) return undefined;
  return path.replace(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase();
  });
}
