import type { Fetch } from '../keys/fetch-json.js';
import type { KeysOption } from '../settings/key-option.js';
import type { ClientAuthenticationOption } from './client-authentication.js';
import type { IntrospectionEvent } from './introspection-event.js';
import type { ResponseJudgingOptions } from './jwt-response.js';

/**
 * Which tokens the endpoint is asked about.
 *
 * - `where-required`: those of routes that demand it (`introspection()`), and no other. Tokens are JWTs.
 * - `opaque-tokens`: those, and every token that is no JWT.
 * - `every-token`: every one. JWTs are verified first, and opaque tokens are accepted.
 */
export type IntrospectionUse = 'where-required' | 'opaque-tokens' | 'every-token';

/** How signed answers are verified. */
export interface JwtAnswerOptions extends ResponseJudgingOptions {
  /** Default: the keys of the issuer. */
  readonly keys?: KeysOption;
  /**
   * What an answer may call this resource server in `aud`. Default: the client identifier of `clientAuthentication`, and
   * each audience of the resource server.
   */
  readonly audience?: string | readonly string[];
}

/** The introspection endpoint of one issuer, and when it is asked. */
export interface IntrospectionOptions {
  /** An https URL. */
  readonly endpoint: string;
  /** Whose endpoint it is. Default: the one trusted issuer. */
  readonly issuer?: string;
  /**
   * Who asks: the client identifier and private key that the issuer knows, for `private_key_jwt`; or a function that
   * returns headers and parameters, for mutual TLS and older servers.
   */
  readonly clientAuthentication: ClientAuthenticationOption;
  /** Whether answers are plain JSON or signed. There is no fall-back from one to the other. Default `json`. */
  readonly response?: 'json' | { readonly jwt: JwtAnswerOptions };
  /** Default `where-required`. */
  readonly use?: IntrospectionUse;
  /**
   * What an answer without `sub` is about, for tokens that are no JWTs: `client` takes the client for the subject. Right
   * only for an issuer that names the user in every answer about a user's token. Default `refused`.
   */
  readonly missingSubject?: 'refused' | 'client';
  /**
   * How long an answer is kept: for so long a revoked token passes. Never longer than its `exp`. Units: seconds, 0 to 300.
   * Default 0: the endpoint is asked each time.
   */
  readonly cacheSeconds?: number;
  /** How many answers of each sort, active and inactive, are kept. Default 10000. */
  readonly maximumCachedAnswers?: number;
  /** How long one question may take. Units: milliseconds, 1 to 60000. Default 5000. */
  readonly timeoutMs?: number;
  /** Told whenever the endpoint gives no usable answer. */
  readonly onEvent?: (event: IntrospectionEvent) => void;
  /** Default: the `fetch` of the resource server. */
  readonly fetch?: Fetch;
}

export const introspectionOptionNames = [
  'endpoint',
  'issuer',
  'clientAuthentication',
  'response',
  'use',
  'missingSubject',
  'cacheSeconds',
  'maximumCachedAnswers',
  'timeoutMs',
  'onEvent',
  'fetch',
] as const satisfies (keyof IntrospectionOptions)[];
