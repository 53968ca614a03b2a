import { inspect } from 'node:util';
import { createJwtSigner, systemClock, type Fetch, type JwtSigner } from '@assay/core';
import { signAssertion } from './assertion.js';
import { boundedFetch } from './bounded-fetch.js';
import { ClientError } from './client-error.js';
import { discover } from './discovery.js';
import { settingsFrom, type JwtBearerClientOptions } from './jwt-bearer-settings.js';
import { resourceFetch, type ResourceFetch } from './resource-fetch.js';
import { tokenCache, type AccessToken } from './token-cache.js';
import { requestToken, type GrantedToken } from './token-request.js';

/** Obtains, keeps, renews and uses access tokens for one resource. Shows no key and no token when it is printed. */
export interface JwtBearerClient {
  /**
   * An access token, kept until shortly before it expires.
   *
   * Error: rejects with `ClientError`.  Throws: `SetupError` for a key that cannot sign.
   */
  readonly getToken: () => Promise<AccessToken>;
  /** `fetch` with the token, for URLs under the resource and nowhere else. */
  readonly fetch: ResourceFetch;
  /** Reads the key and the metadata now, so that a mistake shows at start. */
  readonly ready: () => Promise<void>;
  readonly toJSON: () => Record<string, unknown>;
}

/**
 * A client that exchanges assertions of its own for access tokens, without credentials of a client beside them.
 *
 * Throws: `SetupError` for options that are missing, contradictory or misspelt.
 * Spec: RFC 7523 section 2.1; RFC 7521 section 4.1; RFC 8414 section 3; RFC 8707 section 2.
 */
export function createJwtBearerClient(options: JwtBearerClientOptions): JwtBearerClient {
  const settings = settingsFrom(options);
  const { authorizationServer, resource, scope, issuer, subject, lifetimeSeconds } = settings;
  const { clock = systemClock, fetch = globalFetch } = options;
  const exchange = {
    fetch: boundedFetch(fetch, settings),
    allowInsecureLoopback: settings.allowInsecureLoopback,
  };
  const claims = { issuer, subject, audience: authorizationServer, lifetimeSeconds };

  let known: JwtSigner | undefined;
  const signer = remembered(async () => (known = await createJwtSigner(settings.key)));
  const server = remembered(() => discover({ issuer: authorizationServer, ...exchange }));

  async function request(): Promise<GrantedToken> {
    const [metadata, key] = await Promise.all([server.get(), signer.get()]);
    const assertion = await signAssertion(key, claims, clock);
    try {
      return await requestToken(metadata, { assertion, resource, scope }, exchange);
    } catch (error) {
      // An answer without an OAuth error code: perhaps the endpoint has moved, so the metadata are asked for again.
      if (!(error instanceof ClientError) || error.error === undefined) server.forget();
      throw error;
    }
  }

  const cache = tokenCache(request, clock);

  function describe(): Record<string, unknown> {
    const key = known === undefined ? undefined : { alg: known.alg, kid: known.kid };
    return { authorizationServer, resource, scope, assertion: { issuer, subject, key } };
  }

  return Object.freeze({
    getToken: () => cache.get(),
    fetch: resourceFetch(resource, cache, fetch),
    async ready() {
      await Promise.all([server.get(), signer.get()]);
    },
    toJSON: describe,
    [inspect.custom]: () => describe(),
  });
}

const globalFetch: Fetch = (url, init) => fetch(url, init);

/** What `make` resolved to, made once and again only after it failed or was forgotten. */
function remembered<Value>(make: () => Promise<Value>): {
  readonly get: () => Promise<Value>;
  readonly forget: () => void;
} {
  let made: Promise<Value> | undefined;
  const forget = () => {
    made = undefined;
  };
  return {
    forget,
    get: () =>
      (made ??= make().catch((error: unknown) => {
        forget();
        throw error;
      })),
  };
}
