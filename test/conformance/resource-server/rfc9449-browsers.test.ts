import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, SetupError, type ResourceServerOptions } from '@assay/core';
import { requireScope } from '@assay/express';
import type { RequestHandler } from 'express';
import { origin, startDpopApi, type DpopApi } from '../support/dpop-api.js';
import { closeProtectedApis } from '../support/protected-api.js';
import type { RawAnswer } from '../support/raw-http.js';

const ours = ['WWW-Authenticate', 'DPoP-Nonce'];

/** As middleware for CORS does it. */
const exposing =
  (names: string | readonly string[]): RequestHandler =>
  (_request, response, next) => {
    response.setHeader('Access-Control-Expose-Headers', names);
    next();
  };

describe('RFC 9449, scripts of other origins', () => {
  const start = (settings: Partial<ResourceServerOptions>) =>
    startDpopApi({
      settings: { dpop: { nonce: { secrets: [randomBytes(32)] } }, ...settings },
      routes: (app) => {
        const answer: RequestHandler = (_request, response) => response.json({});
        app.get('/exposed', exposing('X-Total, x-pages'), answer);
        app.get('/lines', exposing(['X-Total', 'X-Pages']), answer);
        app.get('/all', exposing('*'), answer);
        app.get('/known', exposing('dpop-nonce, X-Total'), answer);
        app.get('/empty', exposing(''), answer);
        app.get('/head', (_request, response) => {
          response.writeHead(200, { 'access-control-expose-headers': 'X-Total', 'x-total': '5' }).end();
        });
        app.get('/scoped', exposing('X-Total'), requireScope('orders:write'), answer);
        app.get('/broken', exposing('X-Total'), () => {
          throw new Error('broken');
        });
      },
    });

  let api: DpopApi;
  let nonce: string;
  beforeAll(async () => {
    api = await start({ exposeToBrowsers: true });
    nonce = (await api.prove()).headers['dpop-nonce']?.[0] ?? '';
  });
  afterAll(closeProtectedApis);

  const exposedBy = ({ headers }: RawAnswer) =>
    headers['access-control-expose-headers']?.flatMap((line) => line.split(/, */)) ?? [];

  it.each<[string, number, () => Promise<RawAnswer>]>([
    ['without credentials', 401, () => api.send({})],
    ['with an invalid token', 401, () => api.sendToken('x')],
    ['with malformed credentials', 400, () => api.send({ lines: ['Authorization: Bearer a b'] })],
    ['without a nonce', 401, () => api.prove()],
    ['that is accepted', 200, () => api.prove({ nonce })],
  ])(
    '[rfc9449-7.1-cors-expose] can read challenge and nonce of a request %s',
    async (_what, status, call) => {
      const answer = await call();
      expect(answer.status).toBe(status);
      expect(exposedBy(answer)).toEqual(ours);
    },
  );

  it.each<[string, string, readonly string[]]>([
    ['names', '/exposed', ['X-Total', 'x-pages', ...ours]],
    ['names in several lines', '/lines', ['X-Total', 'X-Pages', ...ours]],
    ['every header', '/all', ['*', ...ours]],
    ['one of them, in another case', '/known', ['dpop-nonce', 'X-Total', 'WWW-Authenticate']],
    ['nothing', '/empty', ours],
    ['names at the last moment', '/head', ['X-Total', ...ours]],
  ])('[rfc9449-7.1-cors-expose] where the application exposes %s, too', async (_what, target, expected) => {
    const answer = await api.prove({ target, nonce });
    expect(answer.status).toBe(200);
    expect(exposedBy(answer)).toEqual(expected);
    expect(answer.headers['access-control-expose-headers']).toHaveLength(1);
  });

  it('[rfc9449-7.1-cors-expose] where a requirement refuses, too', async () => {
    const answer = await api.prove({ target: '/scoped', nonce });
    expect(answer.status).toBe(403);
    expect(exposedBy(answer)).toEqual(['X-Total', ...ours]);
  });

  it('[rfc9449-7.1-cors-expose] where the application fails, as far as it keeps headers', async () => {
    const answer = await api.prove({ target: '/broken', nonce });
    expect(answer.status).toBe(500);
    expect(exposedBy(answer)).toEqual(expect.arrayContaining(ours));
  });

  it('[rfc9449-7.1-cors-expose] nothing is exposed that nobody asked for', async () => {
    const closed = await start({});
    const refused = await closed.send({});
    expect(exposedBy(refused)).toEqual([]);
    const [fresh = ''] = (await closed.prove()).headers['dpop-nonce'] ?? [];
    const accepted = await closed.prove({ target: '/exposed', nonce: fresh });
    expect(accepted.status).toBe(200);
    expect(exposedBy(accepted)).toEqual(['X-Total', 'x-pages']);
  });

  it('never lets any origin in by itself', async () => {
    const answer = await api.send({ lines: ['Origin: https://app.example'] });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.each(['true', 1, null, ['WWW-Authenticate']])('is no option where it is %j', (given) => {
    const make = () =>
      createResourceServer({
        issuer: 'https://as.example',
        audience: origin,
        keys: api.builder.jwks,
        exposeToBrowsers: given as unknown as boolean,
      });
    expect(make).toThrow(SetupError);
    expect(make).toThrow('exposeToBrowsers: it is neither true nor false');
  });
});
