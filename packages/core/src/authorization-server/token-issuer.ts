import { randomBytes } from 'node:crypto';
import { AssayError } from '../assay-error.js';
import { systemClock, type Clock } from '../clock.js';
import type { Claims } from '../evidence.js';
import type { JwkSet } from '../keys/fixed-keys.js';
import { issuerFrom } from '../settings/identifiers.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import type { SigningKey } from '../signing/jwt-signer.js';
import { resourceCatalogueFrom, type ResourceOptions } from './resource-settings.js';
import { chooseTarget, type Target, type TargetRequest } from './resources.js';
import { signingKeysFrom } from './signing-keys.js';

/** The options of a token issuer. */
export interface TokenIssuerOptions {
  /** The issuer identifier, an https URL. */
  readonly issuer: string;
  /** The signing keys. The first signs; all are published. */
  readonly keys: readonly SigningKey[];
  /** The resource servers that tokens are issued for. */
  readonly resources: readonly ResourceOptions[];
  /** The resource that is meant where a request says nothing. Default: the only one. */
  readonly defaultResource?: string;
  /** Client identifiers, so that none of them is a resource. */
  readonly clientIds?: readonly string[];
  /** Allows plain http on loopback, for development and tests. Default false. */
  readonly allowInsecureLoopback?: boolean;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** What an access token says. */
export interface AccessTokenRequest {
  readonly subject: string;
  readonly clientId: string;
  /** Default: the resource that the scopes belong to, or the default one. */
  readonly resource?: string | undefined;
  /** Default: none. */
  readonly scopes?: readonly string[] | undefined;
  /** Further claims. Those that this server sets itself are refused. */
  readonly claims?: Claims | undefined;
  /** The token expires by then at the latest. Units: seconds since the epoch. */
  readonly expiresNoLaterThan?: number | undefined;
}

/** An access token that has been issued. */
export interface IssuedAccessToken {
  readonly accessToken: string;
  /** Units: seconds. */
  readonly expiresInSeconds: number;
  readonly scopes: readonly string[];
  readonly tokenId: string;
}

/** An access token of which everything is settled but the signature. */
export interface PreparedAccessToken {
  /**
   * Signs the token.
   *
   * Error: `service.signing-unavailable`.
   */
  readonly sign: () => Promise<IssuedAccessToken>;
}

/** Issues access tokens for a set of resource servers. */
export interface TokenIssuer {
  readonly issuer: string;
  /** Every scope of every resource, each once. */
  readonly scopes: readonly string[];
  /**
   * For which resource a request would get a token, and with which of the allowed scopes.
   *
   * Error: `grant.scope-refused`, `grant.resource-refused`.
   */
  readonly target: (request: TargetRequest, allowedScopes: readonly string[]) => Target;
  /**
   * Settles everything about an access token that can be refused, and signs nothing.
   *
   * Error: `grant.scope-refused`, `grant.resource-refused`, `token.expired` when it would not live for a second.
   * Throws: `SetupError` for a claim that this server sets itself.
   */
  readonly prepare: (request: AccessTokenRequest) => Promise<PreparedAccessToken>;
  /** An access token: `prepare` and `sign` in one. */
  readonly issue: (request: AccessTokenRequest) => Promise<IssuedAccessToken>;
  /** The public keys, as they are published. */
  readonly jwks: () => Promise<JwkSet>;
  /**
   * Imports the keys now, so that a mistake shows at start.
   *
   * Throws: `SetupError`.
   */
  readonly ready: () => Promise<void>;
}

export const tokenIssuerOptionNames = [
  'issuer',
  'keys',
  'resources',
  'defaultResource',
  'clientIds',
  'allowInsecureLoopback',
  'clock',
] as const satisfies (keyof TokenIssuerOptions)[];

/** The claims that mean something in every token, so that only this server sets them. */
const reservedClaims = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'client_id',
  'scope',
  'cnf',
  'act',
  'may_act',
  'authorization_details',
]);

const tokenIdBytes = 16;

/**
 * An issuer of JWT access tokens.
 *
 * Throws: `SetupError` for keys that are none, no resource, or resources that could be mistaken for something else.
 * Spec: RFC 9068 sections 2, 3 and 5.
 */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  knownOptionsOnly(options, tokenIssuerOptionNames);
  const { clientIds = [], clock = systemClock } = options;
  const issuer = issuerFrom(options.issuer, 'issuer', options.allowInsecureLoopback ?? false);
  const keys = signingKeysFrom(options.keys);
  const catalogue = resourceCatalogueFrom(options, { issuer, clientIds });

  async function prepare(request: AccessTokenRequest): Promise<PreparedAccessToken> {
    const { resource, scopes } = targetOf(request);
    refuseReservedClaims(request.claims);
    if (request.clientId === resource.audience) {
      throw new AssayError('grant.resource-refused', { claim: 'client_id', reason: 'mismatch' });
    }
    const issuedAt = Math.floor(clock.nowMs() / 1000);
    const expiresAt = Math.floor(
      Math.min(issuedAt + resource.accessTokenLifetimeSeconds, request.expiresNoLaterThan ?? Infinity),
    );
    if (expiresAt <= issuedAt) throw new AssayError('token.expired', { claim: 'exp', reason: 'mismatch' });
    const tokenId = randomBytes(tokenIdBytes).toString('base64url');
    const claims = {
      ...request.claims,
      iss: issuer,
      aud: resource.audience,
      sub: request.subject,
      client_id: request.clientId,
      iat: issuedAt,
      exp: expiresAt,
      jti: tokenId,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    };
    const signer = await keys.signer();
    return {
      async sign() {
        try {
          const accessToken = await signer.sign(claims, { typ: 'at+jwt' });
          return { accessToken, expiresInSeconds: expiresAt - issuedAt, scopes, tokenId };
        } catch (cause) {
          throw new AssayError('service.signing-unavailable', { cause });
        }
      },
    };
  }

  function targetOf({ resource, scopes = [] }: AccessTokenRequest): Target {
    const named = resource === undefined ? [] : [resource];
    // Who asks for no scope gets none; a grant's own limits are settled before.
    if (scopes.length === 0) {
      const { resource: chosen } = chooseTarget(
        { resources: named, scopes: undefined },
        scopesOf(),
        catalogue,
      );
      return { resource: chosen, scopes: [] };
    }
    return chooseTarget({ resources: named, scopes }, scopes, catalogue);
  }

  const scopesOf = () => [
    ...new Set([...catalogue.resources.values()].flatMap((resource) => resource.scopes)),
  ];

  return {
    issuer,
    scopes: scopesOf(),
    target: (request, allowedScopes) => chooseTarget(request, allowedScopes, catalogue),
    prepare,
    issue: async (request) => (await prepare(request)).sign(),
    jwks: () => keys.publicKeys(),
    async ready() {
      await keys.signer();
    },
  };
}

function refuseReservedClaims(claims: Claims = {}): void {
  const reserved = Object.keys(claims).find((name) => reservedClaims.has(name));
  if (reserved === undefined) return;
  throw new SetupError({
    option: `claims.${reserved}`,
    problem: 'this claim is set by the authorization server',
    remedy: 'Leave it out of claims.',
  });
}
