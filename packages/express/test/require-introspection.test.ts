import { createResourceServer, type ResourceServer } from '@assay/core';
import { createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { principalOf, protect, requireIntrospection, requireScope } from '../src/index.js';

const clock = fixedClock(1_800_000_000);
let builder: TokenBuilder;
/** What the endpoint says of every token, and how often it was asked. */
let answer: Record<string, unknown>;
let asked: number;
let resourceServer: ResourceServer;

beforeEach(async () => {
  builder = await createTokenBuilder({ clock });
  answer = { active: true };
  asked = 0;
  resourceServer = createResourceServer({
    issuer: builder.issuer,
    audience: builder.audience,
    keys: builder.jwks,
    clock,
    introspection: {
      endpoint: 'https://as.example/introspect',
      clientAuthentication: () => ({}),
      fetch: () => {
        asked += 1;
        return Promise.resolve(Response.json(answer));
      },
    },
  });
});

function appWith(server: ResourceServer = resourceServer) {
  const app = express();
  app.use(protect(server));
  app.get('/plain', (req, res) => res.json(principalOf(req).scopes));
  app.get('/fresh', requireIntrospection(), (req, res) => res.json(principalOf(req).scopes));
  app.get('/before', requireScope('write'), requireIntrospection(), (req, res) => res.json('reached'));
  app.get('/after', requireIntrospection(), requireScope('write'), (req, res) => res.json('reached'));
  app.use('/router', requireScope('write'));
  app.get('/router/fresh', requireIntrospection(), (req, res) => res.json('reached'));
  app.get('/read', requireScope('read'), requireIntrospection(), requireIntrospection(), (req, res) =>
    res.json({ scopes: principalOf(req).scopes, same: req.principal === principalOf(req) }),
  );
  return app;
}

const get = (path: string, app = appWith()) =>
  request(app)
    .get(path)
    .set('Authorization', `Bearer ${builder.accessToken({ scope: 'read write' })}`);

describe('requireIntrospection', () => {
  it('asks the issuer on its own route, and on no other', async () => {
    await get('/plain').expect(200, ['read', 'write']);
    expect(asked).toBe(0);
    await get('/fresh').expect(200, ['read', 'write']);
    expect(asked).toBe(1);
  });

  it('refuses a token that is not active with 401 and invalid_token', async () => {
    answer = { active: false };
    const { headers, body } = await get('/fresh').expect(401);
    expect(headers['www-authenticate']).toContain('error="invalid_token"');
    expect(body).toEqual({
      error: 'invalid_token',
      error_description: 'The status of the token does not permit its use.',
    });
  });

  it('is 503 where the issuer does not answer, and no challenge', async () => {
    resourceServer = createResourceServer({
      issuer: builder.issuer,
      audience: builder.audience,
      keys: builder.jwks,
      clock,
      introspection: {
        endpoint: 'https://as.example/introspect',
        clientAuthentication: () => ({}),
        fetch: () => Promise.resolve(new Response('', { status: 500 })),
      },
    });
    const { headers } = await get('/fresh', appWith(resourceServer)).expect(503);
    expect(headers['www-authenticate']).toBeUndefined();
    expect(headers['retry-after']).toBe('5');
    await get('/plain', appWith(resourceServer)).expect(200);
  });

  it.each(['/before', '/after', '/router/fresh'])(
    'grants no scope that the issuer has taken away, wherever the scope is demanded (%s)',
    async (path) => {
      answer = { active: true, scope: 'read write' };
      await get(path).expect(200);
      answer = { active: true, scope: 'read' };
      const { headers } = await get(path).expect(403);
      expect(headers['www-authenticate']).toContain('error="insufficient_scope"');
      expect(headers['www-authenticate']).toContain('scope="write"');
    },
  );

  it('hands the handler the principal as the issuer has left it, and asks once', async () => {
    answer = { active: true, scope: 'read' };
    await get('/read').expect(200, { scopes: ['read'], same: true });
    expect(asked).toBe(1);
  });

  it('refuses every request where the resource server cannot ask, and tells the operator what to do', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const without = createResourceServer({
      issuer: builder.issuer,
      audience: builder.audience,
      keys: builder.jwks,
      clock,
    });
    const { body, headers } = await get('/fresh', appWith(without)).expect(500);
    expect(body).toEqual({ error: 'server_error', error_description: 'The request could not be judged.' });
    expect(headers['www-authenticate']).toBeUndefined();
    await get('/fresh', appWith(without)).expect(500);
    expect(emitWarning.mock.calls).toEqual([
      [
        expect.stringContaining('Give the resource server introspection:'),
        { code: 'ASSAY_INTROSPECTION_NOT_CONFIGURED' },
      ],
    ]);
    emitWarning.mockRestore();
    await get('/plain', appWith(without)).expect(200);
  });

  it('records the principal as the issuer has left it', async () => {
    const records: unknown[] = [];
    resourceServer = createResourceServer({
      issuer: builder.issuer,
      audience: builder.audience,
      keys: builder.jwks,
      clock,
      audit: {
        record: (record) => {
          records.push(record);
        },
      },
      introspection: {
        endpoint: 'https://as.example/introspect',
        clientAuthentication: () => ({}),
        fetch: () => Promise.resolve(Response.json({ active: true, scope: 'read' })),
      },
    });
    await get('/fresh', appWith(resourceServer)).expect(200);
    expect(records).toMatchObject([{ decision: 'accepted', scopes: ['read'] }]);
  });
});
