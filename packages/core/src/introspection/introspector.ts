import { AssayError } from '../assay-error.js';
import type { PresentedToken } from '../evidence.js';
import { fetchBody, type FetchLimits } from '../keys/fetch-body.js';
import { tellSafely } from '../keys/key-source.js';
import { digestOfToken, type TokenDigest } from '../steps/token-digest.js';
import type { AnswerCache } from './answer-cache.js';
import type { AnswerReader } from './answer-reader.js';
import type { IntrospectionAnswer } from './answer.js';
import type { ClientAuthentication } from './client-authentication.js';
import type { IntrospectionEvent } from './introspection-event.js';

/** What asking one endpoint needs. */
export interface IntrospectorParts {
  readonly issuer: string;
  readonly endpoint: string;
  readonly authentication: ClientAuthentication;
  readonly reader: AnswerReader;
  readonly cache: AnswerCache;
  readonly limits: FetchLimits;
  readonly onEvent: ((event: IntrospectionEvent) => void) | undefined;
}

/** Asks one introspection endpoint. */
export interface Introspector {
  readonly issuer: string;
  /**
   * What the endpoint says of a token.
   *
   * Error: `service.introspection-unavailable`, for whatever keeps it from saying anything: it is no word about the token.
   */
  readonly introspect: (token: PresentedToken) => Promise<IntrospectionAnswer>;
  /** Throws: `SetupError` when the client cannot authenticate. */
  readonly ready: () => Promise<void>;
}

/**
 * An introspector that asks once about a token, however many requests wait for the answer, and never twice about one
 * whose answer is cached. Failures are not cached, and nothing is remembered by the token itself.
 *
 * Spec: RFC 7662 sections 2 and 4.
 */
export function introspectorOf({ issuer, cache, onEvent, ...parts }: IntrospectorParts): Introspector {
  const underWay = new Map<TokenDigest, Promise<IntrospectionAnswer>>();

  async function askOnce(token: PresentedToken, digest: TokenDigest): Promise<IntrospectionAnswer> {
    try {
      const answer = await ask(token, parts);
      cache.keep(digest, answer);
      return answer;
    } catch (error) {
      const known = error instanceof Error ? error : new Error('the endpoint could not be asked');
      tellSafely(onEvent, { kind: 'introspection-failed', level: 'alert', issuer, error: known });
      throw known;
    } finally {
      underWay.delete(digest);
    }
  }

  return {
    issuer,
    async introspect(token) {
      const digest = digestOfToken(token);
      const cached = cache.find(digest);
      if (cached !== undefined) return cached;
      const asking = underWay.get(digest) ?? askOnce(token, digest);
      underWay.set(digest, asking);
      try {
        return await asking;
      } catch (cause) {
        // Each request has an error of its own.
        throw new AssayError('service.introspection-unavailable', { cause });
      }
    },
    ready: parts.authentication.ready,
  };
}

async function ask(
  token: PresentedToken,
  { endpoint, authentication, reader, limits }: Omit<IntrospectorParts, 'issuer' | 'cache' | 'onEvent'>,
): Promise<IntrospectionAnswer> {
  const { headers = {}, parameters = {} } = await authentication.credentials();
  const form = {
    parameters: new URLSearchParams({ token, token_type_hint: 'access_token', ...parameters }),
    headers,
  };
  return reader.read(await fetchBody(endpoint, limits, { ...reader.expected, form }));
}
