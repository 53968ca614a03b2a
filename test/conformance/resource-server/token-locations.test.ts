import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AssayError, createResourceServer, SetupError, type TokenLocation } from '@assay/core';
import { principalOf } from '@assay/express';
import type { Express } from 'express';
import { expectChallenge, invalidRequest, invalidToken, noCredentials } from '../support/expect-outcome.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';
import type { RawAnswer, RawRequest } from '../support/raw-http.js';

/** Routes that answer in every way that Node knows: path, what the handler does, and the value it means to send. */
const cacheRoutes = [
  ['/orders', 'says nothing of caches', undefined],
  ['/public', 'says public', 'public'],
  ['/public-for-long', 'says public with an age', 'public, max-age=31536000'],
  ['/shared', 'gives shared caches an age', 's-maxage=60, max-age=600'],
  ['/quoted', 'makes one field private', 'private="set-cookie"'],
  ['/both', 'says both', 'private, public'],
  ['/object', 'hands an object to writeHead', 'public'],
  ['/reason', 'hands a reason and an object to writeHead', 'public'],
  ['/list', 'hands a list to writeHead', 'public'],
  ['/late', 'streams', 'public'],
] as const;

function addCacheRoutes(app: Express): void {
  const setting = (path: string, value: string) => {
    app.get(path, (request, response) => {
      response
        .set('Cache-Control', value)
        .set('X-Kept', '1')
        .json({ for: principalOf(request).subject });
    });
  };
  for (const [path, , value] of cacheRoutes.slice(1, 6)) setting(path, value ?? '');
  setting('/private-for-long', 'private, max-age=600');
  app.get('/object', (_request, response) => {
    response.writeHead(200, { 'CACHE-CONTROL': 'public', 'X-Kept': ['1', '2'] }).end('object');
  });
  app.get('/reason', (_request, response) => {
    response.writeHead(200, 'Fine', { 'cache-control': 'public', 'X-Kept': '1' }).end('reason');
  });
  app.get('/list', (_request, response) => {
    response.writeHead(200, ['Cache-Control', 'public', 'X-Kept', '1', 'X-Kept', '2']).end('list');
  });
  app.get('/late', (_request, response) => {
    response.setHeader('Cache-Control', 'public');
    response.flushHeaders();
    response.end('late');
  });
}

function multipart(text: string): string {
  return `--b\r\nContent-Disposition: form-data; name="access_token"\r\n\r\n${text}\r\n--b--\r\n`;
}

describe('the locations of a token', () => {
  let byDefault: ProtectedApi;
  let everywhere: ProtectedApi;
  let token: string;
  beforeAll(async () => {
    byDefault = await startProtectedApi();
    const { builder, clock } = byDefault;
    everywhere = await startProtectedApi({
      builder,
      clock,
      settings: { tokenLocations: ['header', 'form', 'query'] },
      routes: addCacheRoutes,
    });
    token = builder.accessToken();
  });
  afterAll(closeProtectedApis);

  async function expectPasses(api: ProtectedApi, request: RawRequest): Promise<RawAnswer> {
    const before = api.handlerCalls();
    const answer = await api.send(request);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ for: 'user-1' });
    expect(api.handlerCalls()).toBe(before + 1);
    return answer;
  }

  async function expectRefused(
    api: ProtectedApi,
    request: RawRequest,
    expected: typeof noCredentials,
  ): Promise<void> {
    const before = api.handlerCalls();
    const answer = await api.send(request);
    expect(api.handlerCalls()).toBe(before);
    expectChallenge(answer, expected);
    expect(answer.text).not.toContain(token);
  }

  const form = (body: string, lines: readonly string[] = [], method = 'POST'): RawRequest => ({
    method,
    body,
    lines: ['Content-Type: application/x-www-form-urlencoded', ...lines],
  });
  const header = () => `Authorization: Bearer ${token}`;

  describe('a form', () => {
    it('[rfc6750-2.2-body-conditions] is not read by default', async () => {
      await expectRefused(byDefault, form(`access_token=${token}`), noCredentials);
    });

    it.each(['POST', 'PUT', 'PATCH'])(
      '[rfc6750-2.2-body-conditions] is read where it is enabled: %s',
      async (method) => {
        await expectPasses(everywhere, form(`access_token=${token}`, [], method));
        await expectPasses(everywhere, form(`x=1&access%5Ftoken=${token}&y=2`, [], method));
      },
    );

    it.each(['GET', 'DELETE', 'OPTIONS'])(
      '[rfc6750-2.2-body-conditions] is not read from the body of a %s',
      async (method) => {
        await expectRefused(everywhere, form(`access_token=${token}`, [], method), noCredentials);
      },
    );

    it.each([
      ['a multipart body', 'multipart/form-data; boundary=b', (text: string) => multipart(text)],
      ['a JSON body', 'application/json', (text: string) => JSON.stringify({ access_token: text })],
      ['a text body', 'text/plain', (text: string) => `access_token=${text}`],
      ['a body without a type', undefined, (text: string) => `access_token=${text}`],
      [
        'a body of a type that begins alike',
        'application/x-www-form-urlencoded-not',
        (text: string) => `access_token=${text}`,
      ],
    ])('[rfc6750-2.2-body-conditions] is the only body that is read: not %s', async (_what, type, bodyOf) => {
      const lines = type === undefined ? [] : [`Content-Type: ${type}`];
      await expectRefused(everywhere, { method: 'POST', body: bodyOf(token), lines }, noCredentials);
    });

    it.each([
      ['given twice', () => `access_token=${token}&access_token=${token}`],
      ['given twice, once empty', () => `access_token=${token}&access_token=`],
      ['not ASCII', () => `access_token=${token}%C3%A9`],
      ['not ASCII, and not encoded', () => `access_token=${token}é`],
      ['empty', () => 'access_token='],
      ['with a space', () => `access_token=${token}+x`],
      ['behind its scheme', () => `access_token=Bearer+${token}`],
    ])('[rfc6750-2.2-body-conditions] is a bad request with a token that is %s', async (_how, body) => {
      await expectRefused(everywhere, form(body()), invalidRequest);
    });

    it('is a bad request where the parser makes something else than a text of the token', async () => {
      const { issuer, audience, jwks: keys } = byDefault.builder;
      const api = createResourceServer({ issuer, audience, keys, tokenLocations: ['header', 'form'] });
      for (const value of [{ a: token }, [token, token], [], [[token]], 7, null, undefined]) {
        const view = { method: 'POST', url: '/', headers: {}, form: { access_token: value } };
        const error: unknown = await api.authenticate(view).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(AssayError);
        expect((error as AssayError).status).toBe(400);
      }
    });
  });

  describe('two methods', () => {
    const apis = [
      ['enabled', () => everywhere],
      ['disabled', () => byDefault],
    ] as const;

    it.each(apis)(
      '[rfc6750-2-one-method] are a bad request: header and form, the form being %s',
      async (_how, api) => {
        await expectRefused(api(), form(`access_token=${token}`, [header()]), invalidRequest);
        await expectRefused(api(), form('access_token=x', [header()]), invalidRequest);
      },
    );

    it.each(apis)(
      '[rfc6750-2-one-method] are a bad request: header and query, the query being %s',
      async (_how, api) => {
        for (const value of [token, 'x', '']) {
          const target = `/orders?access_token=${value}`;
          await expectRefused(api(), { target, lines: [header()] }, invalidRequest);
        }
      },
    );

    it('[rfc6750-2-one-method] are a bad request: form and query, both enabled', async () => {
      const target = `/orders?access_token=${token}`;
      await expectRefused(everywhere, { ...form(`access_token=${token}`), target }, invalidRequest);
    });

    it('[rfc6750-2-one-method] are a bad request: form and query, the query being disabled', async () => {
      const { builder, clock } = byDefault;
      const formOnly = await startProtectedApi({
        builder,
        clock,
        settings: { tokenLocations: ['header', 'form'] },
      });
      await expectPasses(formOnly, form(`access_token=${token}`));
      const target = `/orders?access_token=${token}`;
      await expectRefused(formOnly, { target }, noCredentials);
      await expectRefused(formOnly, { ...form(`access_token=${token}`), target }, invalidRequest);
    });

    it('[rfc6750-2-one-method] are a bad request also where one of them would not be read: header and a form in a GET', async () => {
      await expectRefused(everywhere, form(`access_token=${token}`, [header()], 'GET'), invalidRequest);
    });

    it('[rfc6750-2-one-method] lets each of them pass alone', async () => {
      await expectPasses(everywhere, { lines: [header()] });
      await expectPasses(everywhere, form(`access_token=${token}`));
      await expectPasses(everywhere, { target: `/orders?access_token=${token}` });
    });
  });

  describe('a query', () => {
    it('is not read by default', async () => {
      await expectRefused(byDefault, { target: `/orders?access_token=${token}` }, noCredentials);
    });

    it.each([
      ['twice', () => `?access_token=${token}&access_token=${token}`],
      ['twice, spelt differently', () => `?access_token=${token}&access%5Ftoken=${token}`],
      ['empty', () => '?access_token='],
      ['not ASCII', () => `?access_token=${token}%C3%A9`],
    ])('is a bad request with a token that is there %s', async (_how, query) => {
      await expectRefused(everywhere, { target: `/orders${query()}` }, invalidRequest);
    });

    it.each(cacheRoutes.map(([path, what]) => [what, path] as const))(
      '[rfc6750-2.3-query-private] makes the answer private where the handler %s',
      async (_what, path) => {
        const inQuery = await everywhere.send({ target: `${path}?access_token=${token}` });
        expect(inQuery.status).toBe(200);
        expect(inQuery.headers['cache-control']).toHaveLength(1);
        const [value = ''] = inQuery.headers['cache-control'] ?? [];
        const directives = value.split(',').map((directive) => directive.trim().toLowerCase());
        expect(directives.some((directive) => ['private', 'no-store'].includes(directive))).toBe(true);
        expect(directives.filter((directive) => /^(public|s-maxage)/.test(directive))).toEqual([]);
      },
    );

    it('[rfc6750-2.3-query-private] leaves the other headers, the status and the body as the handler writes them', async () => {
      for (const [path, , expected] of cacheRoutes) {
        const inHeader = await everywhere.send({ target: path, lines: [header()] });
        const inQuery = await everywhere.send({ target: `${path}?access_token=${token}` });
        const rest = ({ status, headers, body }: RawAnswer) => ({
          status,
          body,
          headers: { ...headers, 'cache-control': undefined, date: undefined },
        });
        expect(rest(inQuery)).toEqual(rest(inHeader));
        // What is not in the URL is the handler's own affair.
        expect(inHeader.headers['cache-control']).toEqual(expected === undefined ? undefined : [expected]);
      }
    });

    it('[rfc6750-2.3-query-private] keeps a value that is private already', async () => {
      const answer = await everywhere.send({ target: `/private-for-long?access_token=${token}` });
      expect(answer.headers['cache-control']).toEqual(['private, max-age=600']);
    });

    it('answers a bad token in the query with a challenge that is not stored', async () => {
      const answer = await everywhere.send({ target: '/orders?access_token=a.b.c' });
      expectChallenge(answer, invalidToken);
      expect(answer.headers['cache-control']).toEqual(['no-store']);
    });
  });

  describe('set-up', () => {
    it.each([
      ['no list', 'header', 'it is not a list'],
      ['null', null, 'it is not a list'],
      ['an empty list', [], 'the Authorization header always has to be accepted'],
      ['no header', ['form', 'query'], 'the Authorization header always has to be accepted'],
      ['an unknown location', ['header', 'cookie'], 'there is no such location'],
      ['a location that is no text', ['header', undefined], 'there is no such location'],
      ['a location twice', ['header', 'form', 'form'], 'a location stands twice'],
    ])('refuses %s', (_what, given, problem) => {
      const { issuer, audience, jwks: keys } = byDefault.builder;
      const tokenLocations = given as readonly TokenLocation[];
      const start = () => createResourceServer({ issuer, audience, keys, tokenLocations });
      expect(start).toThrow(SetupError);
      expect(start).toThrow(`tokenLocations: ${problem}. Give a list that begins with 'header'`);
    });
  });
});
