import { createPublicKey, verify } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createResourceServer, SetupError, type IntrospectionOptions } from '@assay/core';
import { createCertificate } from '../support/create-certificate.js';
import {
  clientId,
  closeIntrospectingApis,
  expectOutage,
  expectRefused,
  startIntrospectingApi,
  type IntrospectingApi,
} from '../support/introspecting-api.js';
import { closeIntrospectionEndpoints } from '../support/introspection-endpoint.js';
import { nowSeconds } from '../support/protected-api.js';

afterAll(async () => {
  await closeIntrospectingApis();
  await closeIntrospectionEndpoints();
});

const partsOf = (jwt: string) =>
  jwt
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);

describe('what the endpoint is asked', () => {
  let api: IntrospectingApi;
  const token = 'opaque+token/with==';
  beforeEach(async () => {
    api = await startIntrospectingApi();
    api.issue(token);
  });

  it('[rfc7662-2.1-request] is sent by POST as a form, with the token percent-encoded and never in the URL', async () => {
    expect((await api.sendToken(token)).status).toBe(200);
    expect(api.endpoint.questions).toHaveLength(1);
    const [question] = api.endpoint.questions;
    expect(question).toMatchObject({
      method: 'POST',
      url: '/introspect',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    });
    expect(question?.body).toContain('token=opaque%2Btoken%2Fwith%3D%3D&token_type_hint=access_token&');
    expect(question?.form.get('token')).toBe(token);
    expect(question?.headers).not.toHaveProperty('cookie');
    expect(question?.headers).not.toHaveProperty('authorization');
  });

  it('[rfc7662-2.1-request] is asked by an authenticated client, with a fresh assertion each time', async () => {
    await api.sendToken(token);
    await api.sendToken(token);
    const assertions = api.endpoint.questions.map(({ form }) => {
      expect(form.get('client_assertion_type')).toBe(
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      );
      expect(form.get('client_id')).toBe(clientId);
      expect(form.has('client_secret')).toBe(false);
      return form.get('client_assertion') ?? '';
    });
    expect(assertions).toHaveLength(2);
    const claims = assertions.map((assertion) => partsOf(assertion)[1] ?? {});
    expect(claims[0]).toEqual({
      iss: clientId,
      sub: clientId,
      aud: api.builder.issuer,
      jti: expect.any(String),
      iat: nowSeconds,
      exp: nowSeconds + 60,
    });
    expect(claims[0]?.['jti']).not.toBe(claims[1]?.['jti']);
    for (const assertion of assertions) {
      expect(partsOf(assertion)[0]).toMatchObject({ alg: 'ES256', typ: 'client-authentication+jwt' });
      const end = assertion.lastIndexOf('.');
      const key = createPublicKey({ key: { ...api.clientKey }, format: 'jwk' });
      const signature = Buffer.from(assertion.slice(end + 1), 'base64url');
      const input = Buffer.from(assertion.slice(0, end));
      expect(verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    }
  });

  it.each([
    ['http://as.example/introspect', false],
    ['http://as.example/introspect', true],
    ['http://127.0.0.1:9/introspect', false],
    ['ftp://as.example/introspect', true],
    ['https://user:secret@as.example/introspect', true],
    ['https://as.example/introspect#x', true],
  ])(
    '[rfc7662-2.1-request] is never sent to %s (allowInsecureLoopback %s): it is a set-up error',
    (endpoint, allowInsecureLoopback) => {
      const construct = () =>
        createResourceServer({
          issuer: 'https://as.example',
          audience: 'https://api.example',
          allowInsecureLoopback,
          introspection: { endpoint, clientAuthentication: () => ({}) },
        });
      expect(construct).toThrow(SetupError);
      expect(construct).toThrow('introspection.endpoint: it is not an https URL without a fragment');
    },
  );

  it('[rfc7662-2.1-request] is sent to no server whose certificate nobody vouches for: 503', async () => {
    const certified = await createCertificate({ commonName: 'as.example', addresses: ['127.0.0.1'] });
    let questions = 0;
    const server = createTlsServer(
      { key: await certified.keyPem(), cert: certified.certificatePem },
      (_request, response) => {
        questions += 1;
        response.end(JSON.stringify({ active: true, ...api.builder.claims() }));
      },
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}/introspect`;
    const guarded = await startIntrospectingApi({ introspection: { endpoint } });
    await expectOutage(guarded, () => guarded.sendToken(token));
    server.close();
    expect(questions).toBe(0);
    const { cause } = guarded.events[0]?.error.cause as Error;
    expect((cause as NodeJS.ErrnoException).code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('[rfc7662-2.1-request] has no secret among its options', () => {
    const construct = () =>
      createResourceServer({
        issuer: 'https://as.example',
        audience: 'https://api.example',
        introspection: {
          endpoint: 'https://as.example/introspect',
          clientAuthentication: { clientId, client_secret: 's' },
        } as unknown as IntrospectionOptions,
      });
    expect(construct).toThrow(SetupError);
    expect(construct).toThrow('introspection.clientAuthentication.client_secret: there is no such option');
  });
});

describe('an answer', () => {
  let api: IntrospectingApi;
  beforeEach(async () => {
    api = await startIntrospectingApi();
  });

  it('[rfc7662-2.2-active-true] lets a token pass whose active is the boolean true', async () => {
    api.issue('opaque');
    const answer = await api.sendToken('opaque');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ subject: 'user-1', client: 'client-1' });
  });

  it.each([
    ['"true"', 'true'],
    ['1', 1],
    ['null', null],
    ['missing', undefined],
    ['false', false],
    ['[true]', [true]],
  ])(
    '[rfc7662-2.2-active-true] refuses a token whose active is %s, whatever else is said of it',
    async (_value, active) => {
      api.issue('opaque', { active, scope: 'orders:write' });
      await expectRefused(api, () => api.sendToken('opaque'), 'token.inactive');
      await expectRefused(api, () => api.sendToken('opaque', '/orders/write'), 'token.inactive');
    },
  );

  it.each([
    ['exp in the past', { exp: nowSeconds }, 'token.expired'],
    ['nbf ahead', { nbf: nowSeconds + 1 }, 'token.not-yet-valid'],
    ['aud of another API', { aud: 'https://other.example' }, 'token.audience-mismatch'],
    ['no aud', { aud: undefined }, 'token.audience-mismatch'],
    ['iss of another server', { iss: 'https://other.example' }, 'token.issuer-mismatch'],
  ] as const)('[rfc7662-2.2-recheck] refuses an active token with %s', async (_what, members, code) => {
    api.issue('opaque', members);
    await expectRefused(api, () => api.sendToken('opaque'), code);
  });

  it.each([
    ['exp in a second', { exp: nowSeconds + 1 }],
    ['nbf now', { nbf: nowSeconds }],
    ['aud of several, this one among them', { aud: ['https://other.example', 'https://api.example'] }],
    ['no iss', { iss: undefined }],
  ])('[rfc7662-2.2-recheck] accepts an active token with %s', async (_what, members) => {
    api.issue('opaque', members);
    expect((await api.sendToken('opaque')).status).toBe(200);
  });

  it('[rfc7662-2.2-recheck] lets an active token do no more than its scope permits', async () => {
    api.issue('reader', { scope: 'orders:read' });
    api.issue('writer', { scope: 'orders:read orders:write' });
    const refused = await api.sendToken('reader', '/orders/write');
    expect(refused.status).toBe(403);
    expect(refused.challenges[0]?.parameters).toMatchObject({
      error: 'insufficient_scope',
      scope: 'orders:write',
    });
    expect((await api.sendToken('writer', '/orders/write')).status).toBe(200);
  });
});

describe('an endpoint that fails', () => {
  let api: IntrospectingApi;
  const sendOpaque = () => api.sendToken('opaque');
  beforeEach(async () => {
    api = await startIntrospectingApi({ introspection: { timeoutMs: 400, cacheSeconds: 60 } });
    api.issue('opaque');
  });

  const answering =
    (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
    (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    };
  const good = () => JSON.stringify({ active: true, ...api.builder.claims() });
  const html = '<html><body>Log in</body></html>';

  it.each<[string, () => RequestListener]>([
    ['401', () => answering(401, '{"error":"invalid_client"}')],
    ['403', () => answering(403, '{"error":"access_denied"}')],
    ['400', () => answering(400, '{"error":"invalid_request"}')],
    ['500', () => answering(500, '')],
    ['503', () => answering(503, '')],
    ['201 and a good answer', () => answering(201, good())],
    ['a redirection', () => answering(307, '', { location: api.endpoint.url })],
    ['HTML', () => answering(200, html, { 'content-type': 'text/html' })],
    ['HTML that is called JSON', () => answering(200, html)],
    ['a good answer that is called HTML', () => answering(200, good(), { 'content-type': 'text/html' })],
    ['a list', () => answering(200, `[${good()}]`)],
    ['a text', () => answering(200, '"active"')],
    ['active twice', () => answering(200, good().replace('{', '{"active":false,'))],
    ['half an answer', () => answering(200, good().slice(0, -5))],
    ['65537 bytes', () => answering(200, good() + ' '.repeat(65_537 - good().length))],
    ['nothing at all', () => () => undefined],
    ['the end of the connection', () => (request) => request.socket.destroy()],
  ])(
    '[rfc7662-2.3-endpoint-error] says nothing of a token by answering with %s: 503, an alert, and nothing kept',
    async (_what, behaviour) => {
      api.endpoint.behave(behaviour());
      await expectOutage(api, sendOpaque);
      await expectOutage(api, sendOpaque);
      expect(api.endpoint.questions).toHaveLength(2);
      expect(api.events[0]?.error.message).toMatch(/POST to 127\.0\.0\.1:\d+ failed|the answer is not/);
      expect(api.events[0]?.error.message).not.toContain('opaque');

      api.endpoint.behave();
      expect((await sendOpaque()).status).toBe(200);
    },
  );

  it('[design-outbound-http] is left after its time is up, follows no redirection and gets no cookie back', async () => {
    api.endpoint.behave(answering(200, good(), { 'set-cookie': 'session=1; Path=/' }));
    expect((await sendOpaque()).status).toBe(200);
    api.clock.advanceSeconds(61);
    api.endpoint.behave(answering(302, '', { location: `${api.endpoint.url}/elsewhere` }));
    await expectOutage(api, sendOpaque);
    expect(api.endpoint.questions.map(({ url }) => url)).toEqual(['/introspect', '/introspect']);
    expect(api.endpoint.questions[1]?.headers).not.toHaveProperty('cookie');
  });

  it('[design-outbound-http] reads an answer of 65536 bytes', async () => {
    api.endpoint.behave(answering(200, good() + ' '.repeat(65_536 - good().length)));
    expect((await sendOpaque()).status).toBe(200);
  });
});

describe('what is kept of answers', () => {
  const ask = async (api: IntrospectingApi) => (await api.sendToken('opaque')).status;

  it('[rfc7662-4-cache-policy] is nothing by default: every request asks', async () => {
    const api = await startIntrospectingApi();
    api.issue('opaque');
    expect([await ask(api), await ask(api), await ask(api)]).toEqual([200, 200, 200]);
    expect(api.endpoint.questions).toHaveLength(3);
    api.endpoint.say('opaque', { active: false });
    expect(await ask(api)).toBe(401);
  });

  it('[rfc7662-4-cache-policy] is nothing that outlives the token, however long it may be kept', async () => {
    const api = await startIntrospectingApi({ introspection: { cacheSeconds: 300 } });
    api.issue('opaque', { exp: nowSeconds + 10 });
    expect(await ask(api)).toBe(200);
    api.clock.advanceSeconds(9);
    expect(await ask(api)).toBe(200);
    expect(api.endpoint.questions).toHaveLength(1);
    api.clock.advanceSeconds(2);
    await expectRefused(api, () => api.sendToken('opaque'), 'token.expired');
    expect(api.endpoint.questions).toHaveLength(2);
  });

  it('[rfc7662-4-cache-policy] lets a revoked token pass until the cache period is over, and no longer', async () => {
    const api = await startIntrospectingApi({ introspection: { cacheSeconds: 60 } });
    api.issue('opaque');
    expect(await ask(api)).toBe(200);
    api.endpoint.say('opaque', { active: false });
    api.clock.advanceSeconds(59);
    expect(await ask(api)).toBe(200);
    api.clock.advanceSeconds(1);
    await expectRefused(api, () => api.sendToken('opaque'), 'token.inactive');
  });

  it('[rfc7662-4-cache-policy] is kept apart for tokens that are not active, and for as long', async () => {
    const api = await startIntrospectingApi({ introspection: { cacheSeconds: 60, maximumCachedAnswers: 2 } });
    api.issue('opaque');
    expect(await ask(api)).toBe(200);
    for (let count = 0; count < 20; count += 1) {
      await expectRefused(api, () => api.sendToken(`made-up-${String(count)}`), 'token.inactive');
    }
    await expectRefused(api, () => api.sendToken('made-up-19'), 'token.inactive');
    expect(await ask(api)).toBe(200);
    expect(api.endpoint.questions).toHaveLength(21);
    api.issue('made-up-19');
    api.clock.advanceSeconds(60);
    expect((await api.sendToken('made-up-19')).status).toBe(200);
  });

  it('[rfc7662-4-cache-policy] is never more than 300 seconds old', () => {
    const construct = (cacheSeconds: number) => () =>
      createResourceServer({
        issuer: 'https://as.example',
        audience: 'https://api.example',
        introspection: { endpoint: 'https://as.example/i', clientAuthentication: () => ({}), cacheSeconds },
      });
    expect(construct(300)).not.toThrow();
    expect(construct(301)).toThrow('introspection.cacheSeconds: it is not a number from 0 to 300');
    expect(construct(-1)).toThrow(SetupError);
  });

  it('asks once about a token for which many requests wait', async () => {
    const api = await startIntrospectingApi();
    api.issue('opaque');
    const request = { method: 'GET', url: '/orders', headers: { authorization: ['Bearer opaque'] } };
    const principals = await Promise.all(
      Array.from({ length: 50 }, () => api.resourceServer.authenticate(request)),
    );
    expect(new Set(principals.map(({ subject }) => subject))).toEqual(new Set(['user-1']));
    expect(api.endpoint.questions).toHaveLength(1);
  });
});
