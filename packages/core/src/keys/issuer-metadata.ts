import { isJsonObject } from '../encoding/strict-json.js';
import { FetchFailure } from './fetch-failure.js';
import { fetchJson, type FetchLimits } from './fetch-json.js';
import { metadataUrls } from './metadata-urls.js';
import { IssuerMismatch, MetadataConflict, MisconfiguredIssuer } from './misconfigured-issuer.js';
import { isSecureUrl } from './secure-url.js';

/** What fetching an issuer's metadata needs. */
export interface MetadataOptions extends FetchLimits {
  readonly issuer: string;
  readonly allowInsecureLoopback: boolean;
  /** Reads both kinds of metadata, and refuses the issuer when both exist and differ. Default false. */
  readonly requireConsistentMetadata?: boolean;
}

type Metadata = Readonly<Record<string, unknown>>;

/**
 * The `jwks_uri` of an issuer: from its OAuth metadata, or from its OpenID Connect metadata where it has none.
 *
 * Throws: `FetchFailure`; `MisconfiguredIssuer` where the metadata itself is wrong.
 * Spec: RFC 8414 sections 3 and 5; OpenID Connect Discovery 1.0 section 4; RFC 9068 section 4.
 */
export async function discoverJwksUri(options: MetadataOptions): Promise<string> {
  const { oauth, openid } = metadataUrls(options.issuer);
  const read = (url: string) => readMetadata(url, options);
  if (options.requireConsistentMetadata !== true) {
    return firstUsable([oauth, ...openid], async (url) => jwksUriIn(await read(url), options));
  }
  const documents = [await firstExisting([oauth], read), await firstExisting(openid, read)];
  return jwksUriIn(agreed(documents, options.issuer), options);
}

/** The metadata at a URL, if it names the issuer that was asked. */
async function readMetadata(url: string, options: MetadataOptions): Promise<Metadata> {
  const metadata = await fetchJson(url, options, { typeRequired: true });
  const { issuer } = options;
  if (!isJsonObject(metadata)) {
    throw new FetchFailure(`the metadata of ${issuer} is not a JSON object`, { kind: 'content' });
  }
  // Compared code point by code point: no normalisation (RFC 8414 section 4).
  if (metadata['issuer'] !== issuer) throw new IssuerMismatch(issuer);
  return metadata;
}

async function firstUsable<Usable>(
  urls: readonly string[],
  read: (url: string) => Promise<Usable>,
): Promise<Usable> {
  const failures: FetchFailure[] = [];
  for (const url of urls) {
    const result = await read(url).catch(asFetchFailure);
    if (!(result instanceof FetchFailure)) return result;
    failures.push(result);
    if (result.isOutage) break;
  }
  throw mostTelling(failures);
}

/** The first document there is, `undefined` where the server says that there is none. */
async function firstExisting(
  urls: readonly string[],
  read: (url: string) => Promise<Metadata>,
): Promise<Metadata | undefined> {
  for (const url of urls) {
    const result = await read(url).catch(asFetchFailure);
    if (!(result instanceof FetchFailure)) return result;
    if (result instanceof MisconfiguredIssuer || !result.meansAbsent) throw result;
  }
  return undefined;
}

function agreed(documents: readonly (Metadata | undefined)[], issuer: string): Metadata {
  const [first, second] = documents.filter((document) => document !== undefined);
  if (first === undefined) throw new FetchFailure(`${issuer} has no metadata`, { kind: 'content' });
  if (second !== undefined && second['jwks_uri'] !== first['jwks_uri']) {
    throw new MetadataConflict(issuer);
  }
  return first;
}

function jwksUriIn(metadata: Metadata, { issuer, allowInsecureLoopback }: MetadataOptions): string {
  const jwksUri = metadata['jwks_uri'];
  if (typeof jwksUri === 'string' && isSecureUrl(jwksUri, { allowInsecureLoopback })) return jwksUri;
  throw new FetchFailure(`the metadata of ${issuer} has no https jwks_uri`, { kind: 'content' });
}

function asFetchFailure(error: unknown): FetchFailure {
  if (error instanceof FetchFailure) return error;
  throw error;
}

// A mistake in the configuration is what people can mend, so it is what they are told.
function mostTelling(failures: readonly FetchFailure[]): FetchFailure {
  const mistake = failures.find((failure) => failure instanceof MisconfiguredIssuer);
  const last = failures.at(-1);
  if (mistake !== undefined || last === undefined)
    return mistake ?? new FetchFailure('', { kind: 'content' });
  const message = failures.map((failure) => failure.message).join('; ');
  const { kind, status } = last;
  return new FetchFailure(message, { kind, cause: last, ...(status === undefined ? {} : { status }) });
}
