import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { failures, generateSigningJwk, inMemoryStores, isAssayError, type FailureCode } from '@assay/core';
import {
  clientCredentialsGrantType,
  createAuthorizationServer,
  jwtBearerGrantType,
  jwtClientAssertionType,
  type AuthorizationServer,
  type AuthorizationServerOptions,
  type ClientMetadata,
} from '@assay/core/authorization-server';
import { tokenRequest, tokenRequestOf } from '@assay/express/authorization-server';
import { compactJws, fixedClock, publicJwk, type FixedClock, type TokenVariation } from '@assay/testing';
import express from 'express';

/** The moment of the tests. Units: seconds since the epoch. */
export const nowSeconds = 1_800_000_000;

export const issuer = 'https://as.example';
export const resource = 'https://api.example';

export const keyOfA = { ...(await generateSigningJwk('ES256')), kid: 'a1' };
export const keyOfB = { ...(await generateSigningJwk('ES256')), kid: 'b1' };
export const partnerKey = { ...(await generateSigningJwk('ES256')), kid: 'partner' };
export const serverKey = await generateSigningJwk('ES256');

export const clientA = {
  client_id: 'client-a',
  jwks: { keys: [publicJwk(keyOfA)] },
  grant_types: [clientCredentialsGrantType, jwtBearerGrantType],
  scope: 'orders:read',
} as const satisfies ClientMetadata;

export const clientB = {
  ...clientA,
  client_id: 'client-b',
  jwks: { keys: [publicJwk(keyOfB)] },
} as const satisfies ClientMetadata;

type Claims = Readonly<Record<string, unknown>>;

/** An assertion of client-a that is good but for what is given; `undefined` leaves a claim out. */
export function clientAssertion(
  claims: Claims = {},
  { header, key = keyOfA, alg }: TokenVariation = {},
): string {
  return compactJws({
    header: { alg: key['alg'], kid: key['kid'], ...header },
    payload: {
      iss: 'client-a',
      sub: 'client-a',
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

/** The parameters by which a client authenticates. */
export function credentials(assertion: string = clientAssertion()): Readonly<Record<string, string>> {
  return { client_assertion_type: jwtClientAssertionType, client_assertion: assertion };
}

/** A grant of the assertion issuer `partner`, good but for the claims given. */
export function grantAssertion(claims: Claims = {}): string {
  const about = { iss: 'partner', sub: 'robot-1' };
  return clientAssertion({ ...about, ...claims }, { key: partnerKey });
}

/** What came over HTTP, and the code of the failure, which only the server knows. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly code: FailureCode | undefined;
}

type Form = Readonly<Record<string, string>>;

/** A token endpoint on a loopback port. */
export interface ClientEndpoint {
  readonly server: AuthorizationServer;
  readonly clock: FixedClock;
  readonly post: (form: Form, headers?: Readonly<Record<string, string>>) => Promise<Answer>;
  /** Asks for a token for the client itself, authenticated by this assertion. */
  readonly authenticate: (assertion?: string, more?: Form) => Promise<Answer>;
}

const running: Server[] = [];

/** Starts a token endpoint that knows client-a and client-b. `closeClientEndpoints` stops it. */
export async function startClientEndpoint(
  changes: Partial<AuthorizationServerOptions> & { clock?: FixedClock } = {},
): Promise<ClientEndpoint> {
  const { clock = fixedClock(nowSeconds) } = changes;
  const server = createAuthorizationServer({
    issuer,
    keys: [serverKey],
    resources: [{ resource, scopes: ['orders:read', 'orders:write'] }],
    clients: [clientA, clientB],
    assertionIssuers: [
      {
        issuer: 'partner',
        keys: publicJwk(partnerKey),
        subjects: ['robot-1'],
        scopes: ['orders:read', 'orders:write'],
      },
    ],
    stores: inMemoryStores({ clock }),
    ...changes,
    clock,
  });
  const codes = new Map<string, FailureCode | undefined>();
  const observed: AuthorizationServer = {
    ...server,
    refusal(error, request) {
      const [id = ''] = request?.headers['x-test-id'] ?? [];
      codes.set(id, isAssayError(error) ? error.code : undefined);
      return server.refusal(error, request);
    },
  };
  const app = express();
  app.all('/token', tokenRequest(observed), async (req, res) => {
    res.json(await server.issueAccessToken(tokenRequestOf(req)));
  });
  const http = createServer(app).listen(0, '127.0.0.1');
  running.push(http);
  await once(http, 'listening');
  const url = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}/token`;

  async function post(form: Form, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const id = randomUUID();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-test-id': id, ...headers },
      body: new URLSearchParams({ ...form }),
    });
    const body = (await response.json()) as Answer['body'];
    return { status: response.status, headers: response.headers, body, code: codes.get(id) };
  }

  return {
    server,
    clock,
    post,
    authenticate: (assertion, more = {}) =>
      post({ grant_type: clientCredentialsGrantType, ...credentials(assertion), ...more }),
  };
}

/** Stops every token endpoint that was started. For `afterAll`. */
export async function closeClientEndpoints(): Promise<void> {
  const closing = running.splice(0).map(async (server) => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await Promise.all(closing);
}

/** The claims of the token that was issued. */
export function claimsOf({ body }: Pick<Answer, 'body'>): Claims {
  const [, payload = ''] = (body['access_token'] as string).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
}

/** The client has a token of its own. */
export function expectToken(answer: Answer, clientId = 'client-a'): void {
  expect({ status: answer.status, code: answer.code }).toEqual({ status: 200, code: undefined });
  expectUncacheableJson(answer);
  expect(claimsOf(answer)).toMatchObject({ iss: issuer, client_id: clientId });
}

/** The request is refused with this code, and with what the catalogue says for it and nothing else. */
export function expectRefusal(answer: Answer, code: FailureCode, status = failures[code].status): void {
  const { error, description } = failures[code];
  expect({ status: answer.status, code: answer.code, body: answer.body }).toEqual({
    status,
    code,
    body: { error, error_description: description },
  });
  expectUncacheableJson(answer);
}

/** The client did not authenticate by its assertion: 400 invalid_client, one answer for all. */
export function expectBadAssertion(answer: Answer): void {
  expect(failures['client.assertion-refused']).toMatchObject({ status: 400, error: 'invalid_client' });
  expectRefusal(answer, 'client.assertion-refused');
}

function expectUncacheableJson({ headers }: Answer): void {
  expect(headers.get('content-type')).toMatch(/^application\/json\b/);
  expect(headers.get('cache-control')).toBe('no-store');
}
