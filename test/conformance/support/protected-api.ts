import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createAccessTokenVerifier,
  createResourceServer,
  type AccessTokenOptions,
  type KeysOption,
  type ResourceServer,
  type ResourceServerOptions,
  type Verifier,
} from '@assay/core';
import { principalOf, protect, type FailureHandling } from '@assay/express';
import { createTokenBuilder, fixedClock, type FixedClock, type TokenBuilder } from '@assay/testing';
import express, { type Express } from 'express';
import { exchange, type RawAnswer, type RawRequest } from './raw-http.js';

/** The verifier of one configuration, and the same configuration behind real HTTP. */
export interface ProtectedApi {
  /** Makes tokens that are valid here: the baseline token of the matrices. */
  readonly builder: TokenBuilder;
  readonly clock: FixedClock;
  readonly verifier: Verifier<'access-token'>;
  readonly resourceServer: ResourceServer;
  /** How often a route handler has run. */
  readonly handlerCalls: () => number;
  /** Sends a request; the default target `/orders` answers 200 with the principal's subject. */
  readonly send: (request: RawRequest) => Promise<RawAnswer>;
  /** Sends a request with this token in the `Authorization` header. */
  readonly sendToken: (token: string, target?: string) => Promise<RawAnswer>;
}

/** How a protected API differs from the baseline of the matrices. */
export interface ProtectedApiOptions {
  readonly builder?: TokenBuilder;
  readonly clock?: FixedClock;
  /** Leaves the leeway at the product's own default. Default: leeway 0. */
  readonly defaultLeeway?: true;
  /** Discovers the keys of the builder, which is a test issuer then. Default: the keys are fixed. */
  readonly discovery?: true;
  /** Default: the issuer, audience and keys of the builder. */
  readonly settings?: Partial<ResourceServerOptions>;
  /** Default `answer`. */
  readonly onFailure?: FailureHandling;
  /** Adds routes beside `/orders`, and error handlers. */
  readonly routes?: (app: Express) => void;
}

/** The moment of every test. Units: seconds since the epoch. */
export const nowSeconds = 1_800_000_000;

/** A token builder with the names that the matrices use. */
export function baselineBuilder(clock: FixedClock, kid = 'k1'): Promise<TokenBuilder> {
  return createTokenBuilder({ issuer: 'https://as.example', audience: 'https://api.example', kid, clock });
}

const servers: Server[] = [];

/** Starts an API on a free loopback port. `closeProtectedApis` stops it. */
export async function startProtectedApi(options: ProtectedApiOptions = {}): Promise<ProtectedApi> {
  const clock = options.clock ?? fixedClock(nowSeconds);
  const builder = options.builder ?? (await baselineBuilder(clock));
  const { aboutTokens: changes, aboutRequests } = sorted(options.settings ?? {});
  const { issuer, audience } = builder;
  const settings: AccessTokenOptions = {
    issuer,
    audience,
    clock,
    ...(options.defaultLeeway === true ? {} : { leewaySeconds: 0 }),
    ...(options.discovery === true ? { allowInsecureLoopback: true } : {}),
    ...changes,
    ...keysFrom(builder, options),
  };
  const resourceServer = createResourceServer({ ...settings, ...aboutRequests });

  let handlerCalls = 0;
  const app = express();
  app.use(express.urlencoded({ extended: false }), express.json());
  app.use(protect(resourceServer, { onFailure: options.onFailure ?? 'answer' }));
  app.all('/orders', (request, response) => {
    handlerCalls += 1;
    response.json({ for: principalOf(request).subject });
  });
  options.routes?.(app);
  const server = createServer(app).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const send = (request: RawRequest) => exchange(port, request);
  return {
    builder,
    clock,
    verifier: createAccessTokenVerifier(settings),
    resourceServer,
    handlerCalls: () => handlerCalls,
    send,
    sendToken: (token, target = '/orders') => send({ target, lines: [`Authorization: Bearer ${token}`] }),
  };
}

type RequestSettings = Omit<ResourceServerOptions, keyof AccessTokenOptions>;

/** The options of a resource server that a verifier of tokens alone has no use for. */
const requestSettings: readonly string[] = [
  'realm',
  'audienceOf',
  'tokenLocations',
  'stores',
  'publicUrl',
  'trustedProxies',
  'dpop',
  'clientCertificate',
  'requireSenderConstraint',
  'acceptUnknownConfirmation',
  'exposeToBrowsers',
  'scopesOfActor',
] satisfies (keyof RequestSettings)[];

function sorted(settings: Partial<ResourceServerOptions>): {
  readonly aboutTokens: Partial<AccessTokenOptions>;
  readonly aboutRequests: RequestSettings;
} {
  const entries = Object.entries(settings);
  const isAboutRequests = ([name]: readonly [string, unknown]) => requestSettings.includes(name);
  return {
    aboutTokens: Object.fromEntries(entries.filter((entry) => !isAboutRequests(entry))),
    aboutRequests: Object.fromEntries(entries.filter(isAboutRequests)),
  };
}

/** The `keys` option; a list of issuers has it in its entries. */
function keysFrom(
  { jwks }: TokenBuilder,
  { discovery, settings = {} }: ProtectedApiOptions,
): { keys?: KeysOption } {
  if (discovery === true || Array.isArray(settings.issuer)) return {};
  return { keys: settings.keys ?? jwks };
}

/** Stops every API that was started. For `afterAll`. */
export async function closeProtectedApis(): Promise<void> {
  const closing = servers.splice(0).map(async (server) => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await Promise.all(closing);
}
