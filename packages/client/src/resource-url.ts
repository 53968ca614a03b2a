/**
 * Whether a URL is under a resource: the same origin, and its path on a segment boundary.
 *
 * Dot segments that only a second decoding would show do not count as under anything.
 */
export function isUnder(url: URL, resource: string): boolean {
  if (!URL.canParse(resource)) return false;
  const root = new URL(resource);
  // An origin of its own is the mark of a hierarchical URL: that of urn: and its like is "null".
  if (root.origin === 'null' || url.origin !== root.origin || url.username !== '' || url.password !== '') {
    return false;
  }
  if (root.search !== '') return url.href === root.href;
  const prefix = root.pathname.replace(/\/$/, '');
  return (url.pathname === root.pathname || url.pathname.startsWith(`${prefix}/`)) && !hidesDotSegments(url);
}

function hidesDotSegments({ pathname }: URL): boolean {
  let path = pathname;
  // Each round takes off one layer of encoding; three are more than any server does.
  for (let round = 0; round < 3; round++) {
    path = path.replace(/%(2e|2f|5c|25)/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    if (path.split(/[/\\]/).some((segment) => segment === '..' || segment === '.')) return true;
  }
  return false;
}
