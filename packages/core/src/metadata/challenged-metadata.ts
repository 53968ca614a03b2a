import type { RequestView } from '../request-view.js';
import type { Requirement } from '../requirements/requirement.js';
import type { PublishedMetadata } from './published-metadata.js';

/** What whoever answers a failure knows of the request, where `authenticate` cannot have known it. */
export interface ChallengeContext {
  /** The audience that the route is narrowed to. */
  readonly audience?: string | undefined;
  /** What is refused, where something other than `authenticate` and `authorize` has refused it. */
  readonly request?: RequestView | undefined;
}

/** The metadata of what a request is for, once that was looked up. */
export interface PointedMetadata {
  /** `undefined` where there is none to point to. */
  readonly url: string | undefined;
}

/** Which metadata a challenge points to, where there may be several. */
export interface ChallengedMetadata {
  /** That of what a request is for. */
  readonly ofRequest: (request: RequestView) => PointedMetadata;
  /** That of the audience to which requirements narrow a route, otherwise what was looked up before. */
  readonly ofRoute: (
    requirements: readonly Requirement[],
    before: PointedMetadata | undefined,
  ) => PointedMetadata | undefined;
  /** The URL for a challenge. */
  readonly urlFor: (before: PointedMetadata | undefined, context: ChallengeContext) => string | undefined;
}

/**
 * Finds the metadata of what is refused: that of the audience to which the route or the request is narrowed, otherwise
 * the only one, or the one that the path of the request leads to.
 *
 * Spec: RFC 9728 section 5.1.
 */
export function challengedMetadata(
  { urls, urlFor }: PublishedMetadata,
  audienceOf: ((request: RequestView) => string) | undefined,
): ChallengedMetadata {
  /** Where the application cannot tell, the request is refused for that already. */
  function narrowedTo(request: RequestView): string | undefined {
    try {
      return audienceOf?.(request);
    } catch {
      return undefined;
    }
  }

  return {
    ofRequest: (request) => ({
      url: urls.length === 0 ? undefined : urlFor(narrowedTo(request), request),
    }),
    ofRoute(requirements, before) {
      const narrowed = requirements.find(({ audience }) => audience !== undefined)?.audience;
      return narrowed === undefined ? before : { url: urlFor(narrowed, undefined) };
    },
    urlFor: (before, { audience, request }) =>
      audience === undefined && before !== undefined ? before.url : urlFor(audience, request),
  };
}
