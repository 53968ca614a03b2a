import { randomUUID } from 'node:crypto';
import { generateSigningJwk, inMemoryStores, isAssayError, type Claims, type Stores } from '@assay/core';
import {
  createAuthorizationServer,
  jwtBearerGrantType,
  type AccessTokenResponse,
  type AuthorizationServer,
  type AuthorizationServerOptions,
  type FormRequestView,
  type GrantIssuerOptions,
  type IssuanceOptions,
  type ResourceOptions,
} from '@assay/core/authorization-server';
import { compactJws, fixedClock, publicJwk, type FixedClock, type TokenVariation } from '@assay/testing';

/** The moment at which token requests are tested. Units: seconds since the epoch. */
export const nowSeconds = 1_800_000_000;

export const issuer = 'https://as.example';
export const resource = 'https://api.example';

/** The keys of the tests, made once: making RSA keys takes a while. */
export const serverKey = await generateSigningJwk('RS256');
export const partnerKey = await generateSigningJwk('ES256');
export const otherKey = await generateSigningJwk('ES256');

/** An assertion that `tokenEndpoint()` accepts but for the claims given; `undefined` leaves a claim out. */
export function assertion(
  claims: Claims = {},
  { header, key = partnerKey, alg }: TokenVariation = {},
): string {
  return compactJws({
    header: { alg: partnerKey['alg'], kid: partnerKey['kid'], ...header },
    payload: {
      iss: 'partner',
      sub: 'robot-1',
      aud: issuer,
      iat: nowSeconds,
      exp: nowSeconds + 60,
      jti: randomUUID(),
      ...claims,
    },
    key,
    ...(alg === undefined ? {} : { alg }),
  });
}

/** The trust entry behind `assertion()`, but for its keys and its client. */
const trust = {
  issuer: 'partner',
  subjects: ['robot-1'],
  scopes: ['orders:read', 'orders:write'],
} as const;

/** An entry whose keys are discovered. */
export const discovered = {
  ...trust,
  requireClient: false,
  clientId: 'partner-client',
} as const satisfies GrantIssuerOptions;

/** An entry that requires client authentication. */
export const requiringClient = {
  ...trust,
  keys: publicJwk(partnerKey),
} as const satisfies GrantIssuerOptions;

/** The trust entry behind `assertion()`. */
export const partner = { ...discovered, keys: publicJwk(partnerKey) } as const satisfies GrantIssuerOptions;

export const orders: ResourceOptions = {
  resource,
  scopes: ['orders:read', 'orders:write', 'orders:admin'],
  accessTokenLifetimeSeconds: 600,
};

/** What a token endpoint answered, and why. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** The failure code, where it was a refusal. */
  readonly code: string | undefined;
}

export interface TokenEndpoint {
  readonly server: AuthorizationServer;
  readonly clock: FixedClock;
  readonly stores: Stores;
  /** Judges a request and issues the token, as a route does. */
  readonly post: (form: Form, changes?: RequestChanges) => Promise<Answer>;
  /** The same for the plain grant with this assertion. */
  readonly grant: (assertion: string, parameters?: Readonly<Record<string, string>>) => Promise<Answer>;
}

export type Form = string | Readonly<Record<string, string>>;

export type RequestChanges = Partial<Pick<FormRequestView, 'method' | 'url' | 'headers'>> & {
  readonly issuance?: IssuanceOptions;
};

/** The options of the authorization server that the tests start from. */
export function serverOptions(changes: Partial<AuthorizationServerOptions> = {}): AuthorizationServerOptions {
  return {
    issuer,
    keys: [serverKey],
    resources: [orders],
    assertionIssuers: [partner],
    stores: inMemoryStores(),
    clock: fixedClock(nowSeconds),
    ...changes,
  };
}

/** A token endpoint without HTTP, and a clock that stands still. */
export function tokenEndpoint(changes: Partial<AuthorizationServerOptions> = {}): TokenEndpoint {
  const clock = fixedClock(nowSeconds);
  const stores = inMemoryStores({ clock });
  const server = createAuthorizationServer(serverOptions({ clock, stores, ...changes }));
  const post: TokenEndpoint['post'] = async (form, { issuance, ...requestChanges } = {}) => {
    const request = formRequest(form, requestChanges);
    try {
      const body = await server.issueAccessToken(await server.judgeTokenRequest(request), issuance);
      return { status: 200, headers: {}, body: { ...body }, code: undefined };
    } catch (error) {
      const code = isAssayError(error) ? error.code : undefined;
      return { ...server.refusal(error, request), code };
    }
  };
  return {
    server,
    clock,
    stores,
    post,
    grant: (jwt, parameters) => post({ grant_type: jwtBearerGrantType, assertion: jwt, ...parameters }),
  };
}

/** A POST of a form. */
export function formRequest(form: Form, changes: Partial<FormRequestView> = {}): FormRequestView {
  const text = typeof form === 'string' ? form : new URLSearchParams({ ...form }).toString();
  return {
    method: 'POST',
    url: '/token',
    headers: { 'content-type': ['application/x-www-form-urlencoded'] },
    readBody: () => Promise.resolve(Buffer.from(text)),
    ...changes,
  };
}

/** The header and the claims of an issued token. */
export function partsOf(answer: Pick<Answer, 'body'>): { header: Claims; claims: Claims } {
  const { access_token: token } = answer.body as Partial<AccessTokenResponse>;
  const [header, claims] = (token ?? '').split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(header ?? '') as Claims, claims: JSON.parse(claims ?? '') as Claims };
}

/** The one answer to whatever is wrong with a grant, with the code that only we see. */
export function refusedGrant(code: string) {
  return {
    status: 400,
    headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' },
    body: { error: 'invalid_grant', error_description: 'The grant is not accepted.' },
    code,
  };
}
