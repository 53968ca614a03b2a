import { isJsonObject } from '../encoding/strict-json.js';
import { FetchFailure, fetchJson, type FetchLimits } from './fetch-json.js';
import { keySetFrom, type KeySet } from './key-set.js';

/** What fetching an issuer's documents needs. */
export interface DiscoveryOptions extends FetchLimits {
  readonly issuer: string;
  readonly allowInsecureLoopback: boolean;
}

/** The metadata names another issuer than the one that was asked: a mistake in the configuration, or an attack. */
export class IssuerMismatch extends FetchFailure {
  override readonly name = 'IssuerMismatch';
  readonly issuer: string;

  constructor(issuer: string) {
    super(`the metadata of ${issuer} names another issuer`);
    this.issuer = issuer;
  }
}

/**
 * Loads the key set of an issuer by way of its metadata. The metadata is kept until a key set cannot be fetched.
 *
 * Spec: RFC 8414 sections 3 and 5; OpenID Connect Discovery 1.0 section 4.
 */
export function discoveredKeySetLoader(options: DiscoveryOptions): () => Promise<KeySet> {
  let jwksUri: string | undefined;
  return async () => {
    jwksUri ??= await discoverJwksUri(options);
    try {
      return await fetchKeySet(jwksUri, options);
    } catch (error) {
      jwksUri = undefined;
      throw error;
    }
  };
}

/** The JWK Set at a URL. Rejects with a `FetchFailure` when the answer is not one. */
export async function fetchKeySet(url: string, limits: FetchLimits): Promise<KeySet> {
  const set = keySetFrom(await fetchJson(url, limits));
  if (set === undefined)
    throw new FetchFailure(`GET from ${new URL(url).host} failed: the answer is not a JWK Set`);
  return set;
}

/**
 * The places where an issuer's metadata may be, in the order in which they are asked: RFC 8414's, then OpenID
 * Connect's inserted between host and path, then OpenID Connect's appended to the path.
 */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const openid = `${origin}/.well-known/openid-configuration${path}`;
  const urls = [`${origin}/.well-known/oauth-authorization-server${path}`, openid];
  return path === '' ? urls : [...urls, `${origin}${path}/.well-known/openid-configuration`];
}

async function discoverJwksUri(options: DiscoveryOptions): Promise<string> {
  const failed: FetchFailure[] = [];
  for (const url of metadataUrls(options.issuer)) {
    try {
      return jwksUriIn(await fetchJson(url, options), options);
    } catch (error) {
      if (!(error instanceof FetchFailure)) throw error;
      failed.push(error);
    }
  }
  // A mismatch is what the operator can mend, so it is what they are told.
  throw (
    failed.find((error) => error instanceof IssuerMismatch) ?? new FetchFailure(failed.map(String).join('; '))
  );
}

function jwksUriIn(metadata: unknown, { issuer, allowInsecureLoopback }: DiscoveryOptions): string {
  if (!isJsonObject(metadata)) throw new FetchFailure(`the metadata of ${issuer} is not a JSON object`);
  if (metadata['issuer'] !== issuer) throw new IssuerMismatch(issuer);
  const jwksUri = metadata['jwks_uri'];
  if (typeof jwksUri !== 'string' || !isSecureUrl(jwksUri, { allowInsecureLoopback })) {
    throw new FetchFailure(`the metadata of ${issuer} has no https jwks_uri`);
  }
  return jwksUri;
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a URL is https, or plain http on loopback where that is allowed. */
export function isSecureUrl(
  text: string,
  { allowInsecureLoopback }: { allowInsecureLoopback: boolean },
): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' || (protocol === 'http:' && allowInsecureLoopback && loopbackHosts.has(hostname))
  );
}
