import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { createResourceServer, inMemoryRevocations, sessionOwnerOf, type Principal } from '@assay/core';
import { endWithPrincipal, principalOf, protect, requireSessionOwner } from '@assay/express';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';

const now = () => Date.now() / 1000;

describe('one server for many users', () => {
  let builder: TokenBuilder;
  let server: Server;
  const revocations = inMemoryRevocations();
  const sessions = new Map<string, { owner: string; notes: string[] }>();
  const current = new AsyncLocalStorage<Principal>();

  /** What a tool does deep inside: it asks who the caller is, now and again after waiting. */
  async function whoAmI(): Promise<readonly (string | undefined)[]> {
    const before = current.getStore()?.subject;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    return [before, current.getStore()?.subject];
  }

  beforeAll(async () => {
    builder = await createTokenBuilder();
    const { issuer, audience, jwks: keys } = builder;
    const app = express();
    app.use(express.json());
    app.use(protect(createResourceServer({ issuer, audience, keys, revocations, leewaySeconds: 0 })));
    app.post('/sessions', (incoming, response) => {
      const id = `session-${String(sessions.size)}`;
      sessions.set(id, { owner: sessionOwnerOf(principalOf(incoming)), notes: [] });
      response.status(201).json({ id });
    });
    app.post(
      '/notes',
      requireSessionOwner((incoming) => sessions.get(incoming.get('mcp-session-id') ?? '')?.owner),
      (incoming, response) => {
        const { text } = incoming.body as { text: string };
        sessions.get(incoming.get('mcp-session-id') ?? '')?.notes.push(text);
        response.json({});
      },
    );
    app.get('/me', (incoming, response, next) => {
      current.run(principalOf(incoming), () => {
        whoAmI().then((seen) => response.json({ seen, principal: principalOf(incoming).subject }), next);
      });
    });
    app.get('/events', (incoming, response) => {
      response.type('text/event-stream').write('data: begun\n\n');
      const signal = endWithPrincipal(incoming, response);
      signal?.addEventListener('abort', () => {
        sessions.clear();
      });
    });
    app.get('/download', (incoming, response) => {
      response.type('application/octet-stream').write('half');
      endWithPrincipal(incoming, response);
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const bearer = (claims: Record<string, unknown>) => `Bearer ${builder.accessToken(claims)}`;
  const beginSession = async (claims: Record<string, unknown>): Promise<string> => {
    const answer = await request(server).post('/sessions').set('Authorization', bearer(claims)).expect(201);
    return (answer.body as { id: string }).id;
  };
  const addNote = (id: string, claims: Record<string, unknown>) =>
    request(server)
      .post('/notes')
      .set('Authorization', bearer(claims))
      .set('Mcp-Session-Id', id)
      .send({ text: String(claims['sub']) });

  it('[attack-34-cross-client-leakage-in-mcp] never shows one user to another, however many there are at once', async () => {
    const users = Array.from({ length: 100 }, (_, index) => `user-${String(index)}`);
    const answers = await Promise.all(
      users.map((sub) => request(server).get('/me').set('Authorization', bearer({ sub })).expect(200)),
    );
    expect(answers.map(({ body }) => body as unknown)).toEqual(
      users.map((sub) => ({ seen: [sub, sub], principal: sub })),
    );
  });

  it.each([
    ['another user', { sub: 'user-b', client_id: 'client-1' }],
    ['the same user at another client', { sub: 'user-a', client_id: 'client-2' }],
    ['a client with the name of the user', { sub: 'client-1', client_id: 'user-a' }],
  ])(
    '[attack-34-cross-client-leakage-in-mcp] refuses the session of one user to %s',
    async (_who, claims) => {
      const id = await beginSession({ sub: 'user-a' });
      await addNote(id, claims)
        .expect(403)
        .expect(
          'WWW-Authenticate',
          /error="insufficient_scope", error_description="The token does not permit this request\."/,
        );
      expect(sessions.get(id)?.notes).toEqual([]);
      await addNote(id, { sub: 'user-a' }).expect(200);
    },
  );

  it('[attack-34-cross-client-leakage-in-mcp] lets a renewed token of the same user go on with the session', async () => {
    const id = await beginSession({ sub: 'user-a', scope: 'a' });
    await addNote(id, { sub: 'user-a', scope: 'b', exp: Math.floor(now()) + 900 }).expect(200);
    expect(sessions.get(id)?.notes).toEqual(['user-a']);
  });

  it('refuses a session that nobody has begun', async () => {
    const { status } = await addNote('made-up', { sub: 'user-a' });
    expect(status).toBe(403);
  });

  /** What arrives until the answer ends, and whether it ended as a whole. */
  async function stream(
    path: string,
    claims: Record<string, unknown>,
  ): Promise<{ body: () => string; ended: Promise<string> }> {
    const { port } = server.address() as AddressInfo;
    const sent = httpGet({ port, path, host: '127.0.0.1', headers: { authorization: bearer(claims) } });
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    let body = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    const ended = new Promise<string>((resolve) => {
      answer.once('end', () => {
        resolve('ended');
      });
      answer.once('error', () => {
        resolve('cut off');
      });
    });
    return { body: () => body, ended };
  }

  it('ends a stream of events when the token expires, and says why', async () => {
    const { body, ended } = await stream('/events', { exp: now() + 0.5 });
    expect(await ended).toBe('ended');
    expect(body()).toBe(
      'data: begun\n\nevent: error\ndata: {"error":"invalid_token","error_description":"The token has expired."}\n\n',
    );
  });

  it('ends a stream of events when the token is revoked, and those of others go on', async () => {
    const [revoked, other] = await Promise.all([
      stream('/events', { jti: 'r-1' }),
      stream('/events', { jti: 'r-2', exp: now() + 1.5 }),
    ]);
    await revocations.revoke({ issuer: builder.issuer, tokenId: 'r-1', expiresAt: now() + 300 });
    expect(await revoked.ended).toBe('ended');
    expect(revoked.body()).toContain('"error":"invalid_token"');
    expect(other.body()).not.toContain('error');
    await other.ended;
    expect(other.body()).toContain('The token has expired.');
  });

  it('cuts any other answer off, so that nobody takes half of it for the whole', async () => {
    const { body, ended } = await stream('/download', { exp: now() + 0.3 });
    expect(await ended).toBe('cut off');
    expect(body()).toBe('half');
  });
});
