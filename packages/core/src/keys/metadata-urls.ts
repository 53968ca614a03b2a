/** Where the metadata of an issuer may be. */
export interface MetadataUrls {
  /** RFC 8414's document. */
  readonly oauth: string;
  /** OpenID Connect's document, in the order of RFC 8414 section 5: inserted between host and path, then appended. */
  readonly openid: readonly string[];
}

/**
 * The places where an issuer's metadata may be. A final slash of the issuer's path is dropped.
 *
 * Spec: RFC 8414 sections 3, 3.1 and 5; OpenID Connect Discovery 1.0 section 4.
 */
export function metadataUrls(issuer: string): MetadataUrls {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const inserted = `${origin}/.well-known/openid-configuration${path}`;
  const appended = `${origin}${path}/.well-known/openid-configuration`;
  return {
    oauth: `${origin}/.well-known/oauth-authorization-server${path}`,
    openid: path === '' ? [appended] : [inserted, appended],
  };
}
