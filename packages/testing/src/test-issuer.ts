import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  generateSigningJwk,
  systemClock,
  type Algorithm,
  type Clock,
  type Jwk,
  type JwkSet,
} from '@assay/core';
import { publicJwk, tokenBuilderFor, type TokenBuilder } from './token-builder.js';

/** What a test issuer is like. */
export interface TestIssuerOptions {
  /** The audience of its tokens. Default `https://api.example`. */
  readonly audience?: string;
  /** A path for the issuer identifier, for instance `/tenant-1`. Default: none. */
  readonly path?: string;
  /** Which metadata document it serves. Default `oauth`. */
  readonly metadata?: 'oauth' | 'openid';
  /** Default `ES256`. */
  readonly alg?: Algorithm;
  /** The `kid` of its first key. Default: the thumbprint of the key. */
  readonly kid?: string;
  readonly clock?: Clock;
}

/**
 * An authorization server for tests: real HTTP on a free loopback port, with metadata, a key set, and tokens that
 * are valid by default.
 */
export interface TestIssuer extends Omit<TokenBuilder, 'key' | 'jwks'> {
  /** The options with which a resource server trusts this issuer. */
  readonly options: {
    readonly issuer: string;
    readonly audience: string;
    readonly allowInsecureLoopback: true;
    readonly clock: Clock;
  };
  /** The key that signs now, as a private JWK. */
  readonly key: Jwk;
  /** The key set that is published now. */
  readonly jwks: JwkSet;
  /** The paths that were requested, in order. */
  readonly requests: readonly string[];
  /** Publishes the key with which it will sign after the next `rotate`, and returns it as a private JWK. */
  readonly announceKey: () => Promise<Jwk>;
  /**
   * Signs with a new key from now on: the announced one, or one that is published at the same moment. The old one
   * stays published until `withdrawOldKeys`.
   */
  readonly rotate: () => Promise<void>;
  /** Publishes the key that signs, and no other. */
  readonly withdrawOldKeys: () => void;
  /** Answers every request in another way: with a status, with a text, late, or properly again. */
  readonly behave: (behaviour: Behaviour) => void;
  /** Stops the server. */
  readonly close: () => Promise<void>;
}

/** How a test issuer answers. */
export type Behaviour =
  | 'properly'
  | { readonly status: number }
  | { readonly body: string; readonly contentType?: string }
  | { readonly delayMs: number };

/** Starts a test issuer. Call `close` when the tests are over. */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { audience = 'https://api.example', path = '', alg = 'ES256', clock = systemClock } = options;
  const requests: string[] = [];
  let behaviour: Behaviour = 'properly';
  let key = await generateSigningJwk(alg);
  if (options.kid !== undefined) key = { ...key, kid: options.kid };
  let announced: Jwk | undefined;
  let published: readonly Jwk[] = [publicJwk(key)];

  const server = createServer((request, response) => {
    const requested = request.url ?? '/';
    requests.push(requested);
    void answer(response, documents()[requested], behaviour);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const issuer = `${origin}${path}`;
  const builder = (): TokenBuilder => tokenBuilderFor({ issuer, audience, key, clock });

  async function announceKey(): Promise<Jwk> {
    announced = await generateSigningJwk(alg);
    published = [publicJwk(announced), ...published];
    return announced;
  }

  function documents(): Readonly<Record<string, unknown>> {
    const metadata = { issuer, jwks_uri: `${origin}/jwks` };
    const place =
      options.metadata === 'openid'
        ? `${path}/.well-known/openid-configuration`
        : `/.well-known/oauth-authorization-server${path}`;
    return { [place]: metadata, '/jwks': { keys: published } };
  }

  return {
    issuer,
    audience,
    options: { issuer, audience, allowInsecureLoopback: true, clock },
    requests,
    get key() {
      return key;
    },
    get jwks() {
      return { keys: published };
    },
    header: () => builder().header(),
    claims: () => builder().claims(),
    accessToken: (claims, variation) => builder().accessToken(claims, variation),
    announceKey,
    async rotate() {
      key = announced ?? (await announceKey());
      announced = undefined;
    },
    withdrawOldKeys() {
      published = [publicJwk(key)];
    },
    behave(next) {
      behaviour = next;
    },
    close: () => closeServer(server),
  };
}

async function answer(response: ServerResponse, document: unknown, behaviour: Behaviour): Promise<void> {
  if (behaviour !== 'properly') {
    if ('status' in behaviour) {
      send(response, behaviour.status, '');
      return;
    }
    if ('body' in behaviour) {
      send(response, 200, behaviour.body, behaviour.contentType);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, behaviour.delayMs));
  }
  if (document === undefined) {
    send(response, 404, '');
    return;
  }
  send(response, 200, JSON.stringify(document));
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'application/json',
): void {
  response.writeHead(status, { 'content-type': contentType }).end(body);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
