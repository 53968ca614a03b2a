import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createResourceServer } from '@assay/core';
import { fixedClock, type FixedClock } from '@assay/testing';
import request from 'supertest';
import { parseChallenges } from '../conformance/support/parse-challenges.js';
import { claimsIn, headerOf, withByteChanged, type Segment } from './support/altered-token.js';
import { ordersApi, reportsApi, resourceOf } from './support/example-apis.js';
import {
  accessTokenLifetimeSeconds,
  startForeignIssuer,
  type ForeignIssuer,
} from './support/foreign-issuer.js';
import type { Service } from './support/serve.js';

// Processes and key pairs take their time on a busy machine; nothing here waits for a clock.
jest.setTimeout(30_000);

// Both sides of the token are foreign here: oidc-provider issues it, oauth4webapi asks for it.
let foreign: ForeignIssuer;

beforeAll(async () => {
  foreign = await startForeignIssuer([resourceOf(reportsApi), resourceOf(ordersApi)]);
});
afterAll(() => foreign.close());
afterEach(() => {
  foreign.throwFailures();
});

describe.each([
  { api: reportsApi, otherApi: ordersApi },
  { api: ordersApi, otherApi: reportsApi },
])('$api.name, trusting oidc-provider', ({ api, otherApi }) => {
  const { audience, path, readScope, writeScope, alg } = api;
  let clock: FixedClock;
  let service: Service;

  beforeEach(async () => {
    clock = fixedClock();
    const { issuer } = foreign;
    service = await api.start(
      createResourceServer({ issuer, audience, metadata: {}, allowInsecureLoopback: true, clock }),
    );
  });
  afterEach(() => service.close());

  const tokenFor = (scope: string) => foreign.accessToken({ resource: audience, scope });
  const get = (token: string) => request(service.origin).get(path).set('Authorization', `Bearer ${token}`);
  const post = (token: string) => request(service.origin).post(path).set('Authorization', `Bearer ${token}`);

  /** The one challenge of an answer, which has to be a Bearer challenge for this API. */
  function challengeOf({ headers }: request.Response): Readonly<Record<string, string>> {
    const [challenge, ...others] = parseChallenges(headers['www-authenticate'] ?? '');
    expect(others).toEqual([]);
    expect(challenge).toMatchObject({ scheme: 'bearer', parameters: { realm: audience } });
    return challenge?.parameters ?? {};
  }

  it(`accepts an RFC 9068 access token, signed with ${alg}, through discovery`, async () => {
    const token = await tokenFor(readScope);
    expect(headerOf(token)).toMatchObject({ alg, typ: 'at+jwt' });
    await get(token).expect(200);
  });

  it('acts in the name of the subject that the token names', async () => {
    const response = await post(await tokenFor(`${readScope} ${writeScope}`))
      .send({})
      .expect(201);
    expect(response.body).toMatchObject({ by: 'nightly-batch' });
  });

  it('refuses the same kind of token for another audience', async () => {
    const token = await foreign.accessToken({ resource: otherApi.audience, scope: otherApi.readScope });
    const response = await get(token).expect(401);
    expect(challengeOf(response)).toEqual({
      realm: audience,
      resource_metadata: `${audience}/.well-known/oauth-protected-resource`,
      error: 'invalid_token',
      error_description: 'The token is not for this audience.',
    });
  });

  it.each<[string, { segment: Segment; within?: string }, string]>([
    ['kid', { segment: 'header', within: '"kid":"i' }, 'The token is not signed by a known key.'],
    ['subject', { segment: 'payload', within: '"sub":"n' }, 'The signature is invalid.'],
    ['signature', { segment: 'signature' }, 'The signature is invalid.'],
  ])('refuses it with one byte of the %s changed', async (_what, change, description) => {
    const token = await tokenFor(readScope);
    const altered = withByteChanged(token, change);
    const response = await get(altered).expect(401);
    expect(challengeOf(response)).toEqual({
      realm: audience,
      resource_metadata: `${audience}/.well-known/oauth-protected-resource`,
      error: 'invalid_token',
      error_description: description,
    });
  });

  it('accepts it until it expires, within the leeway of ten seconds, and refuses it from then on', async () => {
    const token = await tokenFor(readScope);
    const { exp, iat } = claimsIn(token) as { exp: number; iat: number };
    expect(exp - iat).toBe(accessTokenLifetimeSeconds);

    clock.advanceSeconds(exp + 9 - clock.nowSeconds());
    await get(token).expect(200);

    clock.advanceSeconds(1);
    const response = await get(token).expect(401);
    expect(challengeOf(response)).toEqual({
      realm: audience,
      resource_metadata: `${audience}/.well-known/oauth-protected-resource`,
      error: 'invalid_token',
      error_description: 'The token has expired.',
    });
  });

  it('names the scope that a good token lacks', async () => {
    const response = await post(await tokenFor(readScope))
      .send({})
      .expect(403);
    const { error, scope = '' } = challengeOf(response);
    expect(error).toBe('insufficient_scope');
    expect(scope.split(' ')).toContain(writeScope);
  });

  it('asks for a token where none came, without an error code', async () => {
    const response = await request(service.origin).get(path).expect(401);
    expect(challengeOf(response)).toEqual({
      realm: audience,
      resource_metadata: `${audience}/.well-known/oauth-protected-resource`,
    });
  });
});
