import { PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express } from 'express';
import pino from 'pino';
import request from 'supertest';
import {
  createResourceServer,
  pinoSink,
  jsonLinesSink,
  type AuditSink,
  type ResourceServer,
} from '@assay/core';
import { protect, requireScope } from '@assay/express';
import { createProofBuilder, createTestIssuer, hostileRequests, type TestIssuer } from '@assay/testing';

/** Short texts stand in many places by chance; every part of a token is longer. */
const shortestSecret = 24;

/** Headers that say nothing secret. */
const open = new Set(['origin', 'access-control-request-method', 'access-control-request-headers']);

/** The parts of what a request sends that must not be found anywhere: whole values, and the segments of tokens. */
function secretsIn(...sent: readonly Readonly<Record<string, string>>[]): readonly string[] {
  return sent
    .flatMap((values) => Object.entries(values))
    .flatMap(([name, value]) => (open.has(name.toLowerCase()) ? [] : [value]))
    .flatMap((value) => [value, ...value.split(/[\s.,;=&]+/)])
    .filter((text) => text.length >= shortestSecret);
}

describe('whatever is sent', () => {
  let issuer: TestIssuer;
  let resourceServer: ResourceServer;
  let app: Express;
  const written: string[] = [];
  const errors: unknown[] = [];
  const spies: { mockRestore: () => void }[] = [];

  /** Everything that an operator could come to see. */
  const everything = () =>
    [
      ...written,
      ...errors.flatMap((error) => [inspect(error, { depth: 20 }), JSON.stringify(error), String(error)]),
    ].join('\n');

  function writesTo(list: string[]): PassThrough {
    return new PassThrough().on('data', (chunk: Buffer) => list.push(chunk.toString()));
  }

  beforeAll(async () => {
    issuer = await createTestIssuer();
    const lines = jsonLinesSink(writesTo(written));
    const logged = pinoSink(pino({ level: 'trace' }, writesTo(written)));
    const sink: AuditSink = {
      record(record) {
        void lines.record(record);
        void logged.record(record);
      },
    };
    resourceServer = createResourceServer({
      ...issuer.options,
      publicUrl: 'https://api.example',
      dpop: true,
      tokenLocations: ['header', 'form', 'query'],
      clientCertificate: { header: 'Client-Cert' },
      trustedProxies: ['127.0.0.1'],
      audit: sink,
      onKeyEvent: (event) => void written.push(inspect(event)),
    });
    const keepError: ErrorRequestHandler = (error, _request, response, next) => {
      errors.push(error);
      if (response.headersSent) next(error);
      else response.json({ error: String(error) });
    };
    app = express();
    app.use(express.urlencoded({ extended: false }));
    app.use(protect(resourceServer, { onFailure: 'next' }));
    app.all('/orders', requireScope('orders:read'), (_request, response) => void response.json({}));
    app.use(keepError);
    process.on('warning', (warning) => void written.push(inspect(warning)));
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      spies.push(
        jest
          .spyOn(console, method)
          .mockImplementation((...parts) => void written.push(parts.map((part) => inspect(part)).join(' '))),
      );
    }
    for (const stream of [process.stdout, process.stderr]) {
      spies.push(
        jest.spyOn(stream, 'write').mockImplementation((chunk) => {
          written.push(String(chunk));
          return true;
        }),
      );
    }
  });
  afterAll(async () => {
    for (const spy of spies) spy.mockRestore();
    await issuer.close();
  });

  const battery = hostileRequests(() => issuer, { scope: 'orders:read' });

  it.each(battery)(
    '[design-audit-no-token] nothing of it is written down: $name',
    async ({ headers, query, body }) => {
      const before = written.length + errors.length;
      const path = '/orders';
      const sent =
        body === undefined
          ? request(app).get(path).query(query).set(headers)
          : request(app).post(path).query(query).set(headers).type('form').send(body);
      const answer = await sent;
      // The battery expects the defaults; with every location open, some of it is good.
      expect(answer.status).toBeLessThan(500);
      expect(written.length + errors.length).toBeGreaterThan(before);
      const seen = `${everything()}\n${answer.text}\n${inspect(answer.headers)}`;
      for (const secret of secretsIn(headers, query, body ?? {})) expect(seen).not.toContain(secret);
    },
  );

  it('[design-audit-no-token] nor anything of good tokens, proofs and certificates, wherever they are sent', async () => {
    const key = await createProofBuilder();
    const target = { method: 'GET', url: 'https://api.example/orders' };
    const claims = { scope: 'orders:read' };
    const bound = issuer.accessToken({ ...claims, cnf: { jkt: key.thumbprint } });
    const marker = 'marker-certificate-marker-certificate';
    const inQuery = issuer.accessToken(claims);
    const inForm = issuer.accessToken(claims);
    const inHeader = issuer.accessToken(claims);
    const withProof = { ...key.headers(bound, target) };
    const wrongProof = { ...key.headers(bound, { ...target, url: 'https://other.example/' }) };
    const answers = await Promise.all([
      request(app)
        .get('/orders')
        .set({
          Authorization: `Bearer ${inHeader}`,
          'Client-Cert': `:${marker}:`,
          Cookie: `session=${marker}`,
        }),
      request(app).get('/orders').query({ access_token: inQuery }),
      request(app).post('/orders').type('form').send({ access_token: inForm }),
      request(app).get('/orders').set(withProof),
      request(app).get('/orders').set(wrongProof),
      request(app)
        .get('/orders')
        .set({ ...withProof, authorization: `Bearer ${bound}` }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 401, 401]);
    const seen = `${everything()}\n${answers.map(({ text, headers }) => `${text} ${inspect(headers)}`).join('\n')}`;
    const secrets = secretsIn({ bound, inQuery, inForm, inHeader, marker }, withProof, wrongProof);
    expect(secrets.length).toBeGreaterThan(15);
    for (const secret of secrets) expect(seen).not.toContain(secret);
  });

  it('[design-audit-no-token] and a principal shows none either', async () => {
    const token = issuer.accessToken({ scope: 'orders:read' });
    const headers = { authorization: [`Bearer ${token}`] };
    const principal = await resourceServer.authenticate({ method: 'GET', url: '/orders', headers });
    const seen = [
      inspect(principal, { depth: 20, showHidden: true }),
      JSON.stringify(principal),
      inspect(await resourceServer.appraise({ method: 'GET', url: '/orders', headers }), { depth: 20 }),
    ].join('\n');
    for (const secret of secretsIn({ token })) expect(seen).not.toContain(secret);
    expect(principal.subject).toBe('user-1');
  });
});
