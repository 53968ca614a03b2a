import { AssayError } from '../assay-error.js';
import { systemClock } from '../clock.js';
import type { BoundToken } from '../evidence.js';
import { jwtBearerGrant } from '../profiles/jwt-bearer-grant.js';
import {
  assertionIssuersFrom,
  assertionJudgingOptionNames,
  type AssertionJudgingOptions,
} from '../settings/assertion-issuers.js';
import { endpointFrom } from '../settings/endpoint.js';
import { knownOptionsOnly } from '../settings/options.js';
import { leewayFrom } from '../settings/numbers.js';
import type { Stores } from '../stores/in-memory-stores.js';
import { singleUseStoreFrom } from '../stores/single-use-store-option.js';
import { useUp } from '../stores/use-up.js';
import { createVerifier } from '../verifier.js';
import type { AuthenticatedClient } from './clients/client-authenticator.js';
import { requiredParameter, type FormParameters } from './form-parameters.js';
import { grantTrustFrom, type GrantIssuerOptions, type GrantTrust } from './grant-issuers.js';

/** The grant type of RFC 7523 section 2.1. */
export const jwtBearerGrantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The grant type of RFC 6749 section 4.4. */
export const clientCredentialsGrantType = 'client_credentials';

/** The options of a grant acceptor. */
export interface GrantAcceptorOptions extends AssertionJudgingOptions {
  /** Whose assertions are accepted as grants, and what they are worth. An unknown `iss` never causes a request. */
  readonly assertionIssuers?: readonly GrantIssuerOptions[];
  /** Remembers the assertions that were used: `inMemoryStores()`, or stores that instances share. */
  readonly stores: Pick<Stores, 'singleUse'>;
  /** Whether clients may have tokens for themselves, where their registration lists it. Default true. */
  readonly clientCredentials?: boolean;
}

/** A grant that was judged and has not been used up. */
export interface AcceptedGrant {
  readonly grantType: string;
  readonly subject: string;
  readonly clientId: string;
  /** The scopes that the grant can obtain. */
  readonly scopes: readonly string[];
  /** A token for this grant expires by then at the latest. Units: seconds since the epoch. */
  readonly expiresNoLaterThan: number;
  /** The evidence, where the grant is a JWT: claims and fingerprint, without its text. */
  readonly assertion: BoundToken<'jwt-bearer-grant'> | undefined;
  /**
   * Uses the grant up. To be called last, when nothing else can refuse the request any more.
   *
   * Error: `grant.replayed`, `service.single-use-store-unavailable`.
   */
  readonly reserve: () => Promise<void>;
}

/** Judges the grants of token requests. */
export interface GrantAcceptor {
  readonly grantTypes: readonly string[];
  /** The clients of requests without client authentication. */
  readonly clientIds: readonly string[];
  /**
   * Judges the grant of a token request without using it up.
   *
   * A client may use what its registration lists, and nothing else; that is settled before any assertion is looked at.
   *
   * Error: `request.parameter-missing`, `grant.type-unsupported`, `client.grant-not-allowed`, `token.*`,
   * `client.authentication-required`, `grant.client-mismatch`, `service.keys-unavailable`.
   */
  readonly judge: (form: FormParameters, client?: AuthenticatedClient) => Promise<AcceptedGrant>;
  /** Loads the keys of every assertion issuer. */
  readonly ready: () => Promise<void>;
}

/**
 * Accepts JWTs as grants.
 *
 * Throws: `SetupError`.
 * Spec: RFC 7523 sections 2.1 and 3.
 */
export function createGrantAcceptor(options: GrantAcceptorOptions): GrantAcceptor {
  knownOptionsOnly(options, grantAcceptorOptionNames);
  const { assertionIssuers, tokenEndpoint, clock = systemClock } = options;
  if (tokenEndpoint !== undefined) {
    endpointFrom(tokenEndpoint, 'tokenEndpoint', options.allowInsecureLoopback ?? false);
  }
  const store = singleUseStoreFrom(options.stores);
  const leewaySeconds = leewayFrom(options.leewaySeconds);
  const issuers =
    assertionIssuers === undefined ? new Map() : assertionIssuersFrom(assertionIssuers, options);
  const trustByIssuer = grantTrustFrom(assertionIssuers ?? []);
  const verifier = createVerifier({ profile: jwtBearerGrant, issuers, clock });

  async function judgeJwtBearer(form: FormParameters, client?: AuthenticatedClient): Promise<AcceptedGrant> {
    const assertion = await verifier.verify(requiredParameter(form, 'assertion'));
    const trust = trustByIssuer.get(assertion.issuer);
    if (trust === undefined)
      throw new AssayError('token.issuer-unknown', { claim: 'iss', reason: 'mismatch' });
    const { sub, exp, jti } = assertion.claims as { sub: string; exp: number; jti: string };
    const refusedAt = Math.ceil(exp + leewaySeconds);
    const { issuer } = assertion;
    return {
      grantType: jwtBearerGrantType,
      subject: sub,
      clientId: clientOf(form, trust, client),
      scopes: withinRegistration(trust.scopes, client),
      // An assertion that only the leeway keeps alive is honoured for as long as the leeway does.
      expiresNoLaterThan: (exp > clock.nowMs() / 1000 ? exp : refusedAt) + trust.graceSeconds,
      assertion,
      async reserve() {
        if (!trust.singleUse) return;
        const reservation = { purpose: 'jwt-bearer-grant', scope: [issuer], id: jti, expiresAt: refusedAt };
        await useUp(store, reservation, 'grant.replayed');
      },
    };
  }

  function judgeClientCredentials(
    _form: FormParameters,
    client?: AuthenticatedClient,
  ): Promise<AcceptedGrant> {
    if (client?.isAuthenticated !== true) {
      return Promise.reject(new AssayError('client.authentication-required'));
    }
    const { clientId, scopes = [] } = client.client;
    return Promise.resolve({
      grantType: clientCredentialsGrantType,
      subject: clientId,
      clientId,
      scopes,
      expiresNoLaterThan: Infinity,
      assertion: undefined,
      reserve: () => Promise.resolve(),
    });
  }

  type Judge = (form: FormParameters, client?: AuthenticatedClient) => Promise<AcceptedGrant>;
  const judges = new Map<string, Judge>();
  if (options.clientCredentials !== false) judges.set(clientCredentialsGrantType, judgeClientCredentials);
  if (assertionIssuers !== undefined) judges.set(jwtBearerGrantType, judgeJwtBearer);

  return {
    grantTypes: [...judges.keys()],
    clientIds: [...trustByIssuer.values()].flatMap(({ anonymousClientId }) => anonymousClientId ?? []),
    async judge(form, client) {
      const grantType = requiredParameter(form, 'grant_type');
      const judge = judges.get(grantType);
      if (judge === undefined) throw new AssayError('grant.type-unsupported');
      if (client !== undefined && !client.client.grantTypes.has(grantType)) {
        throw new AssayError('client.grant-not-allowed');
      }
      return judge(form, client);
    },
    ready: () => verifier.ready(),
  };
}

const grantAcceptorOptionNames = [
  ...assertionJudgingOptionNames,
  'assertionIssuers',
  'stores',
  'clientCredentials',
] as const satisfies (keyof GrantAcceptorOptions)[];

/**
 * The client of a request: the one that has authenticated, if the policy lets it; without client authentication the one
 * that the policy names, and no other.
 */
function clientOf(
  form: FormParameters,
  { anonymousClientId, clients }: GrantTrust,
  client: AuthenticatedClient | undefined,
): string {
  if (client?.isAuthenticated === true) {
    const { clientId } = client.client;
    if (clients?.has(clientId) ?? true) return clientId;
    throw new AssayError('grant.client-mismatch', { claim: 'client_id', reason: 'mismatch' });
  }
  if (anonymousClientId === undefined) throw new AssayError('client.authentication-required');
  const stated = form.get('client_id');
  if (stated !== undefined && stated !== anonymousClientId) {
    throw new AssayError('grant.client-mismatch', { claim: 'client_id', reason: 'mismatch' });
  }
  return anonymousClientId;
}

/** Of the scopes that a grant can obtain, those that the client may have. */
function withinRegistration(
  scopes: readonly string[],
  client: AuthenticatedClient | undefined,
): readonly string[] {
  const registered = client?.client.scopes;
  return registered === undefined ? scopes : scopes.filter((scope) => registered.includes(scope));
}
