import { signingKeysFrom } from '../authorization-server/signing-keys.js';
import type { Clock } from '../clock.js';
import type { RequestView } from '../request-view.js';
import { SetupError } from '../setup-error.js';
import { documentAnswer, type DocumentAnswer } from './document-answer.js';
import { metadataSettingsFrom, type ResourceMetadataOptions } from './metadata-options.js';
import {
  protectedResourceMetadata,
  type LiveConfiguration,
  type ProtectedResourceMetadata,
} from './protected-resource-metadata.js';
import { resourceAtPath } from './resource-at-path.js';
import { resourceIdentifierFrom, type ResourceIdentifier } from './resource-identifier.js';
import { signedMetadata } from './signed-metadata.js';

/** The documents of a resource server, each at its URL. */
export interface PublishedMetadata {
  readonly urls: readonly string[];
  /** For whoever reads the log at start. */
  readonly warnings: readonly string[];
  /** Throws: `SetupError` for an audience without a document, and for none where there are several. */
  readonly documentOf: (audience?: string) => ProtectedResourceMetadata;
  /**
   * The URL of the document about what a request is for; `undefined` where none is published, or it cannot be told which.
   * Where nothing has narrowed the request to an audience, its path decides. Its Host header has no say in it.
   */
  readonly urlFor: (narrowedTo: string | undefined, request: RequestView | undefined) => string | undefined;
  /** The answer to a request for a document, or for the keys that signed it; nothing for any other request. */
  readonly answer: (request: Pick<RequestView, 'method' | 'url'>) => Promise<DocumentAnswer> | undefined;
  /** Throws: `SetupError` for a key that cannot sign. */
  readonly ready: () => Promise<void>;
}

/** What published metadata rests on. */
export interface MetadataSurroundings extends LiveConfiguration {
  readonly audiences: readonly string[];
  readonly allowInsecureLoopback: boolean;
  readonly clock: Clock;
}

/**
 * The metadata of each audience.
 *
 * Throws: `SetupError` for options that are wrong, and for audiences that no document can be about.
 * Spec: RFC 9728.
 */
export function publishedMetadata(
  options: ResourceMetadataOptions | undefined,
  surroundings: MetadataSurroundings,
): PublishedMetadata {
  if (options === undefined) return nothingPublished;
  const { clock, allowInsecureLoopback } = surroundings;
  const { described, cacheSeconds, sign } = metadataSettingsFrom(options, surroundings);
  const keys = sign && signingKeysFrom(sign.keys, 'metadata.sign.keys');
  const identifiers = [...described.keys()].map((audience) =>
    resourceIdentifierFrom(audience, allowInsecureLoopback),
  );
  requireOneDocumentEach(identifiers);
  const warnings = identifiers.filter(({ hasQuery }) => hasQuery).map(queryWarning);
  for (const warning of warnings) process.emitWarning(warning, { code: 'ASSAY_RESOURCE_WITH_QUERY' });

  const documents = new Map<string, ProtectedResourceMetadata>();
  // By request target: the text of each document.
  const served = new Map<string, () => Promise<string>>();
  for (const { resource, path, metadataTarget } of identifiers) {
    const description = described.get(resource) ?? {};
    const keySet = keys && description.jwksUri === undefined ? keySetBelow(resource, path) : undefined;
    const document = Object.freeze(
      protectedResourceMetadata(resource, surroundings, {
        ...description,
        ...(keySet === undefined ? {} : { jwksUri: keySet.url }),
      }),
    );
    documents.set(resource, document);
    served.set(metadataTarget, documentText(document));
    if (keySet !== undefined && keys !== undefined) {
      served.set(keySet.target, async () => JSON.stringify(await keys.publicKeys()));
    }
  }

  function documentText(document: ProtectedResourceMetadata): () => Promise<string> {
    if (sign === undefined || keys === undefined) {
      const text = Promise.resolve(JSON.stringify(document));
      return () => text;
    }
    const { lifetimeSeconds } = sign;
    const signed = signedMetadata(document, { signer: keys.signer, lifetimeSeconds, cacheSeconds, clock });
    return async () => JSON.stringify({ ...document, signed_metadata: await signed() });
  }

  function documentOf(audience?: string): ProtectedResourceMetadata {
    const only = documents.size === 1 ? identifiers[0]?.resource : undefined;
    const document = documents.get(audience ?? only ?? '');
    if (document !== undefined) return document;
    throw new SetupError({
      option: 'audience',
      problem: 'it does not name one of the documents',
      remedy: `Name one of ${[...documents.keys()].join(', ')}.`,
    });
  }

  return {
    urls: identifiers.map(({ metadataUrl }) => metadataUrl),
    warnings,
    documentOf,
    urlFor(narrowedTo, request) {
      const about =
        narrowedTo === undefined
          ? resourceAtPath(identifiers, request?.url, surroundings.sender.address.publicUrl)
          : identifiers.find(({ resource }) => resource === narrowedTo);
      return about?.metadataUrl;
    },
    answer({ method, url }) {
      const text = served.get(url);
      return text && documentAnswer(method, text, cacheSeconds);
    },
    ready: async () => {
      await keys?.signer();
    },
  };
}

const nothingPublished: PublishedMetadata = {
  urls: [],
  warnings: [],
  documentOf() {
    throw new SetupError({
      option: 'metadata',
      problem: 'no metadata is published',
      remedy: 'Make the resource server with metadata: { scopesSupported: […] }, or with metadata: {}.',
    });
  },
  urlFor: () => undefined,
  answer: () => undefined,
  ready: () => Promise.resolve(),
};

/** Where the keys of a resource are published that has named no other place. */
function keySetBelow(resource: string, path: string): { readonly url: string; readonly target: string } {
  const target = `${path.replace(/\/$/, '')}/jwks`;
  const [origin = ''] = /^https?:\/\/[^/?]+/i.exec(resource) ?? [];
  return { url: origin + target, target };
}

/** A document is found by path and query alone: the Host header, which might tell two hosts apart, is anybody's word. */
function requireOneDocumentEach(identifiers: readonly ResourceIdentifier[]): void {
  for (const { resource, metadataTarget } of identifiers) {
    const [first] = identifiers.filter((other) => other.metadataTarget === metadataTarget);
    if (first === undefined || first.resource === resource) continue;
    throw new SetupError({
      option: 'metadata',
      problem: `the metadata of ${first.resource} and ${resource} would be at the same path`,
      remedy:
        `Leave one out, for instance resources: { ${JSON.stringify(resource)}: false }, ` +
        'or make a resource server of its own for each host.',
    });
  }
}

function queryWarning({ resource }: ResourceIdentifier): string {
  return (
    `metadata: the audience ${resource} has a query, which a resource identifier should not have (RFC 9728 section 1.2): ` +
    'many clients and proxies lose it. Give the resource a path of its own.'
  );
}
