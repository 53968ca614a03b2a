import { isQuotable } from '../challenge.js';
import { isSecureUrl } from '../keys/secure-url.js';
import { SetupError } from '../setup-error.js';

/** A resource identifier, and where its metadata is. */
export interface ResourceIdentifier {
  /** Character for character as it was configured. */
  readonly resource: string;
  /** The path of the resource itself, `/` where it has none. */
  readonly path: string;
  readonly hasQuery: boolean;
  /** Where the metadata is. */
  readonly metadataUrl: string;
  /** Path and query of `metadataUrl`, as a request for it has them. */
  readonly metadataTarget: string;
}

const wellKnown = '/.well-known/oauth-protected-resource';

/**
 * An audience as a resource identifier: an https URL without fragment, or http on loopback where that is allowed, written
 * the way in which a client requests it. Its metadata is between host and path or query; a lone slash after the host
 * is dropped.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9728 sections 1.2, 3 and 3.1.
 */
export function resourceIdentifierFrom(audience: string, allowInsecureLoopback: boolean): ResourceIdentifier {
  if (audience.includes('#')) {
    throw cannotBeNamed(audience, 'it has a fragment', 'Leave the fragment out');
  }
  if (!isSecureUrl(audience, { allowInsecureLoopback })) {
    throw cannotBeNamed(
      audience,
      'it is not an https URL',
      'Give the API an https URL as its audience; allowInsecureLoopback: true allows http on this machine',
    );
  }
  const { pathname, search } = new URL(audience);
  const afterHost = audience.replace(/^https?:\/\/[^/?]+/i, '');
  // A client that parses the identifier would ask for another path than one that does not.
  if (
    !isQuotable(audience) ||
    ![`${pathname}${search}`, `${pathname}${search}`.slice(1)].includes(afterHost)
  ) {
    throw cannotBeNamed(
      audience,
      'URL parsers write it in another way',
      'Write it without dot segments, and percent-encoded where needed',
    );
  }
  const metadataTarget = `${wellKnown}${pathname === '/' ? '' : pathname}${search}`;
  return {
    resource: audience,
    path: pathname,
    hasQuery: search !== '',
    metadataUrl: `${audience.slice(0, audience.length - afterHost.length)}${metadataTarget}`,
    metadataTarget,
  };
}

function cannotBeNamed(audience: string, problem: string, remedy: string): SetupError {
  return new SetupError({
    option: 'metadata',
    problem: `no metadata can be published for the audience ${audience}: ${problem}`,
    remedy: `${remedy}, or leave this one out: resources: { ${JSON.stringify(audience)}: false }.`,
  });
}
