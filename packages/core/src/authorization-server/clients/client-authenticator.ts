import { AssayError, isAssayError } from '../../assay-error.js';
import { systemClock, type Clock } from '../../clock.js';
import type { BoundToken } from '../../evidence.js';
import type { Fetch } from '../../keys/fetch-json.js';
import type { KeyPolicy } from '../../keys/key-policy.js';
import { tellSafely, type KeyEvent } from '../../keys/key-source.js';
import { clientAssertion } from '../../profiles/client-assertion.js';
import { endpointFrom } from '../../settings/endpoint.js';
import { issuerFrom } from '../../settings/identifiers.js';
import { keyPolicyFrom } from '../../settings/key-policy.js';
import { leewayFrom, positiveSeconds } from '../../settings/numbers.js';
import { functionIfAny, knownOptionsOnly } from '../../settings/options.js';
import { SetupError } from '../../setup-error.js';
import type { Stores } from '../../stores/in-memory-stores.js';
import { singleUseStoreFrom } from '../../stores/single-use-store-option.js';
import { useUp } from '../../stores/use-up.js';
import type { TrustedIssuers } from '../../trusted-issuer.js';
import { createVerifier } from '../../verifier.js';
import { requiredParameter, type FormParameters } from '../form-parameters.js';
import type { FormRequestView } from '../form-request.js';
import { resolvedClients } from './resolved-clients.js';
import { staticClients } from './static-clients.js';
import type {
  ClientAuthenticationMethod,
  ClientMetadata,
  ClientRegistry,
  Clients,
  RegisteredClient,
} from './registered-client.js';

/** The type of a client assertion that is a JWT (RFC 7523 section 2.2). */
export const jwtClientAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A relaxation that a client made use of. */
export interface CompatibilityUse {
  readonly clientId: string;
  readonly setting: 'audience: token-endpoint';
}

/** The options of a client authenticator. */
export interface ClientAuthenticatorOptions {
  /** The issuer identifier of this authorization server: the only audience of client assertions. */
  readonly issuer: string;
  /** The clients, or what knows them. */
  readonly clients: readonly ClientMetadata[] | ClientRegistry;
  /** Remembers the assertions that were used: `inMemoryStores()`, or stores that instances share. */
  readonly stores: Pick<Stores, 'singleUse'>;
  /** The URL of the token endpoint, for clients whose compatibility allows it as an audience. */
  readonly tokenEndpoint?: string;
  /** How long an assertion may live, and how long ago it may have been issued. Units: seconds. Default 300. */
  readonly maximumAssertionLifetimeSeconds?: number;
  /** The clock difference that is forgiven. Units: seconds, 0 to 300. Default 10. */
  readonly leewaySeconds?: number;
  /** Told each time a client makes use of its compatibility. */
  readonly onCompatibilityUse?: (use: CompatibilityUse) => void;
  /** Allows plain http on loopback, for development and tests. Default false. */
  readonly allowInsecureLoopback?: boolean;
  /** How the key sets of clients are fetched and kept. */
  readonly keyPolicy?: Partial<KeyPolicy>;
  /** Told of every fetch, failure and rotation of keys. */
  readonly onKeyEvent?: (event: KeyEvent) => void;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

export const clientAuthenticatorOptionNames = [
  'issuer',
  'clients',
  'stores',
  'tokenEndpoint',
  'maximumAssertionLifetimeSeconds',
  'leewaySeconds',
  'onCompatibilityUse',
  'allowInsecureLoopback',
  'keyPolicy',
  'onKeyEvent',
  'fetch',
  'clock',
] as const satisfies (keyof ClientAuthenticatorOptions)[];

/** A client that was judged. What it proved itself with has not been used up. */
export interface AuthenticatedClient {
  readonly client: RegisteredClient;
  /** Whether it has proven to be that client; a public client has only said so. */
  readonly isAuthenticated: boolean;
  /** The evidence, where it is a JWT: claims and fingerprint, without its text. */
  readonly assertion: BoundToken<'client-assertion'> | undefined;
  /**
   * Uses the evidence up. To be called when nothing else can refuse the request any more.
   *
   * Error: `client.replayed`, `service.single-use-store-unavailable`.
   */
  readonly reserve: () => Promise<void>;
}

/** Judges who the client of a request is. */
export interface ClientAuthenticator {
  /** The methods of the known clients, for metadata. */
  readonly methods: readonly ClientAuthenticationMethod[];
  /** The clients of a list; none of a registry. */
  readonly clientIds: readonly string[];
  /** Those among them that have a key to authenticate with. */
  readonly confidentialClientIds: readonly string[];
  /** Whether any client may use a grant type. Of a registry that cannot be listed, any may. */
  readonly serves: (grantType: string) => boolean;
  /**
   * Who the client of a request is; `undefined` where it brings no credentials and says nothing.
   *
   * One request uses one method, and that of the client's registration.
   *
   * Error: `client.*`, `request.parameter-missing`, `request.credentials-mixed`, `service.keys-unavailable`.
   */
  readonly judge: (
    request: Pick<FormRequestView, 'headers'>,
    form: FormParameters,
  ) => Promise<AuthenticatedClient | undefined>;
}

/**
 * Authenticates clients by signed JWTs, and recognises public ones.
 *
 * Throws: `SetupError`.
 * Spec: RFC 7521 section 4.2; RFC 7523 sections 2.2 and 3; rfc7523bis section 4; RFC 6749 section 2.3.
 */
export function createClientAuthenticator(options: ClientAuthenticatorOptions): ClientAuthenticator {
  knownOptionsOnly(options, clientAuthenticatorOptionNames);
  const { clock = systemClock, allowInsecureLoopback = false, tokenEndpoint } = options;
  const issuer = issuerFrom(options.issuer, 'issuer', allowInsecureLoopback);
  if (tokenEndpoint !== undefined) endpointFrom(tokenEndpoint, 'tokenEndpoint', allowInsecureLoopback);
  const leewaySeconds = leewayFrom(options.leewaySeconds);
  const store = singleUseStoreFrom(options.stores);
  const onCompatibilityUse = functionIfAny(options.onCompatibilityUse, 'onCompatibilityUse');
  const isListed = Array.isArray(options.clients);
  const { clients, known } = registryFrom(options.clients, {
    issuer,
    tokenEndpoint,
    leewaySeconds,
    maximumLifetimeSeconds: positiveSeconds(
      options.maximumAssertionLifetimeSeconds ?? defaultMaximumLifetimeSeconds,
      'maximumAssertionLifetimeSeconds',
    ),
    remote: {
      clock,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      allowInsecureLoopback,
      policy: keyPolicyFrom(options.keyPolicy),
      onEvent: options.onKeyEvent,
    },
  });
  const issuers: TrustedIssuers = {
    get: async (clientId) => (await clients.find(clientId))?.assertions,
    values: () => known.flatMap(({ assertions }) => assertions ?? []),
  };
  const verifier = createVerifier({ profile: clientAssertion, issuers, clock });

  async function byAssertion(form: FormParameters): Promise<AuthenticatedClient> {
    const text = requiredParameter(form, 'client_assertion');
    const assertion = await verifier.verify(text).catch(refuseAssertion);
    const { issuer: clientId, claims } = assertion;
    const client = await clients.find(clientId);
    if (client === undefined || (form.get('client_id') ?? clientId) !== clientId) {
      throw new AssayError('client.assertion-refused', { claim: 'client_id', reason: 'mismatch' });
    }
    if (!isForIssuer(claims['aud'])) {
      tellSafely(onCompatibilityUse, { clientId, setting: 'audience: token-endpoint' });
    }
    const { exp, jti } = claims as { exp: number; jti: string };
    const refusedAt = Math.ceil(exp + leewaySeconds);
    return {
      client,
      isAuthenticated: true,
      assertion,
      async reserve() {
        // It may have died since it was judged, and stores forget what has.
        if (clock.nowMs() / 1000 >= exp + leewaySeconds) {
          throw new AssayError('client.assertion-refused', { claim: 'exp', reason: 'mismatch' });
        }
        const scope = [issuer, clientId];
        const reservation = { purpose: 'client-assertion', scope, id: jti, expiresAt: refusedAt };
        await useUp(store, reservation, 'client.replayed');
      },
    };
  }

  const isForIssuer = (aud: unknown) => aud === issuer || (Array.isArray(aud) && aud[0] === issuer);

  async function byName(clientId: string): Promise<AuthenticatedClient | undefined> {
    const client = await clients.find(clientId);
    // A client that nobody knows is none; a grant may be accepted from nobody in particular.
    if (client === undefined) return undefined;
    // Whoever has a key has to use it: a name is known to everybody.
    if (client.authenticationMethod !== 'none') throw new AssayError('client.credentials-refused');
    return { client, isAuthenticated: false, assertion: undefined, reserve: () => Promise.resolve() };
  }

  return {
    // Of a registry that cannot be listed, clients may use whatever is supported.
    methods: isListed ? [...new Set(known.map((client) => client.authenticationMethod))] : supportedMethods,
    clientIds: known.map(({ clientId }) => clientId),
    confidentialClientIds: known
      .filter(({ assertions }) => assertions !== undefined)
      .map(({ clientId }) => clientId),
    serves: (grantType) => !isListed || known.some(({ grantTypes }) => grantTypes.has(grantType)),
    async judge(request, form) {
      const used = methodsUsed(request, form);
      if (used.includes('assertion')) requireKnownAssertionType(form);
      if (used.length > 1) throw new AssayError('request.credentials-mixed');
      if (used[0] === 'assertion') return byAssertion(form);
      if (used.length > 0) throw new AssayError('client.credentials-refused');
      const clientId = form.get('client_id');
      return clientId === undefined ? undefined : byName(clientId);
    },
  };
}

const supportedMethods: readonly ClientAuthenticationMethod[] = ['private_key_jwt', 'none'];

/** How long an assertion may live by default. Units: seconds. */
const defaultMaximumLifetimeSeconds = 300;

/** What a request tries to authenticate its client with. */
function methodsUsed(
  { headers }: Pick<FormRequestView, 'headers'>,
  form: FormParameters,
): readonly ('header' | 'secret' | 'assertion')[] {
  const has = (name: string) => form.get(name) !== undefined;
  return [
    ...((headers['authorization'] ?? []).length > 0 ? (['header'] as const) : []),
    ...(has('client_secret') ? (['secret'] as const) : []),
    ...(has('client_assertion') || has('client_assertion_type') ? (['assertion'] as const) : []),
  ];
}

/** An assertion counts only beside its type; one of another type is a method that is not supported. */
function requireKnownAssertionType(form: FormParameters): void {
  const type = requiredParameter(form, 'client_assertion_type');
  requiredParameter(form, 'client_assertion');
  if (type !== jwtClientAssertionType) throw new AssayError('client.credentials-refused');
}

/** Whatever is wrong with an assertion has one answer, so that it tells nobody which clients there are. */
function refuseAssertion(cause: unknown): never {
  if (!isAssayError(cause) || cause.failure.fault === 'service') throw cause;
  const { claim, reason } = cause;
  throw new AssayError('client.assertion-refused', { claim, reason, profile: clientAssertion.name, cause });
}

function registryFrom(
  clients: unknown,
  surroundings: Parameters<typeof staticClients>[1],
): { readonly clients: Clients; readonly known: readonly RegisteredClient[] } {
  if (Array.isArray(clients)) {
    const list = staticClients(clients as readonly ClientMetadata[], surroundings);
    return { clients: list, known: list.all };
  }
  if (typeof (clients as Partial<ClientRegistry> | undefined)?.find === 'function') {
    return { clients: resolvedClients(clients as ClientRegistry, surroundings), known: [] };
  }
  throw new SetupError({
    option: 'clients',
    problem: 'it is neither a list of clients nor a registry',
    remedy: 'Give the metadata of each client, or { find(clientId) }.',
  });
}
