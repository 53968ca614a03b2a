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
import { createVerifier } from '../verifier.js';
import { requiredParameter, type FormParameters } from './form-parameters.js';
import { grantTrustFrom, type GrantIssuerOptions, type GrantTrust } from './grant-issuers.js';
import { reserveGrant } from './single-use.js';

/** The grant type of RFC 7523 section 2.1. */
export const jwtBearerGrantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The options of a grant acceptor. */
export interface GrantAcceptorOptions extends AssertionJudgingOptions {
  /** Whose assertions are accepted as grants, and what they are worth. An unknown `iss` never causes a request. */
  readonly assertionIssuers: readonly GrantIssuerOptions[];
  /** Remembers the assertions that were used: `inMemoryStores()`, or stores that instances share. */
  readonly stores: Pick<Stores, 'singleUse'>;
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
  /** The evidence: claims and fingerprint, without the assertion's text. */
  readonly assertion: BoundToken<'jwt-bearer-grant'>;
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
   * Error: `request.parameter-missing`, `grant.type-unsupported`, `token.*`, `client.authentication-required`,
   * `grant.client-mismatch`, `service.keys-unavailable`.
   */
  readonly judge: (form: FormParameters) => Promise<AcceptedGrant>;
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
  const issuers = assertionIssuersFrom(assertionIssuers, options);
  const trustByIssuer = grantTrustFrom(assertionIssuers);
  const verifier = createVerifier({ profile: jwtBearerGrant, issuers, clock });

  async function judgeJwtBearer(form: FormParameters): Promise<AcceptedGrant> {
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
      clientId: clientOf(form, trust),
      scopes: trust.scopes,
      // An assertion that only the leeway keeps alive is honoured for as long as the leeway does.
      expiresNoLaterThan: (exp > clock.nowMs() / 1000 ? exp : refusedAt) + trust.graceSeconds,
      assertion,
      async reserve() {
        if (!trust.singleUse) return;
        const reservation = { purpose: 'jwt-bearer-grant', scope: [issuer], id: jti, expiresAt: refusedAt };
        await reserveGrant(store, reservation);
      },
    };
  }

  const judges: ReadonlyMap<string, (form: FormParameters) => Promise<AcceptedGrant>> = new Map([
    [jwtBearerGrantType, judgeJwtBearer],
  ]);

  return {
    grantTypes: [...judges.keys()],
    clientIds: [...trustByIssuer.values()].flatMap(({ anonymousClientId }) => anonymousClientId ?? []),
    async judge(form) {
      const judge = judges.get(requiredParameter(form, 'grant_type'));
      if (judge === undefined) throw new AssayError('grant.type-unsupported');
      return judge(form);
    },
    ready: () => verifier.ready(),
  };
}

const grantAcceptorOptionNames = [
  ...assertionJudgingOptionNames,
  'assertionIssuers',
  'stores',
] as const satisfies (keyof GrantAcceptorOptions)[];

/** The client of a request without client authentication: the one that the policy names, and no other. */
function clientOf(form: FormParameters, { anonymousClientId }: GrantTrust): string {
  if (anonymousClientId === undefined) throw new AssayError('client.authentication-required');
  const stated = form.get('client_id');
  if (stated !== undefined && stated !== anonymousClientId) {
    throw new AssayError('grant.client-mismatch', { claim: 'client_id', reason: 'mismatch' });
  }
  return anonymousClientId;
}
