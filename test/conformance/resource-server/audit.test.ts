import { createHash, createHmac } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, it } from '@jest/globals';
import express, { type Express } from 'express';
import request from 'supertest';
import {
  createResourceServer,
  jsonLinesSink,
  SetupError,
  type AuditDecisionRecord,
  type AuditOptions,
  type AuditRecord,
  type AuditSink,
  type ResourceServer,
} from '@assay/core';
import { principalOf, protect, requireScope } from '@assay/express';
import { compactJws, createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import { auditRecordValidator } from '../support/audit-record-schema.js';

const isByTheSchema = auditRecordValidator();

const clock = fixedClock(1_800_000_000);

/** A sink that keeps what it is given. */
function collectingSink(): AuditSink & { readonly records: AuditRecord[] } {
  const records: AuditRecord[] = [];
  return { records, record: (record) => void records.push(record) };
}

describe('records of decisions', () => {
  let builder: TokenBuilder;
  let stranger: TokenBuilder;
  beforeAll(async () => {
    [builder, stranger] = await Promise.all([
      createTokenBuilder({ clock, kid: 'k1' }),
      createTokenBuilder({ clock, kid: 'k1' }),
    ]);
  });

  function serverWith(audit: AuditSink | AuditOptions, settings = {}): ResourceServer {
    const { issuer, audience, jwks: keys } = builder;
    return createResourceServer({ issuer, audience, keys, clock, audit, ...settings });
  }

  function appWith(resourceServer: ResourceServer): Express {
    const app = express();
    app.use(protect(resourceServer));
    app.get('/orders/:id', requireScope('orders:read'), (_request, response) => void response.json({}));
    app.post('/orders', (incoming, response) => {
      resourceServer.recordAction(principalOf(incoming), { action: 'orders.create', outcome: 'succeeded' });
      response.status(201).json({});
    });
    return app;
  }

  /** What is recorded of one request. */
  async function recordsOf(
    send: (app: Express) => request.Test,
    audit: Omit<AuditOptions, 'sink'> = {},
    settings = {},
  ): Promise<readonly AuditRecord[]> {
    const sink = collectingSink();
    await send(appWith(serverWith({ ...audit, sink }, settings)));
    for (const record of sink.records)
      expect({ record, valid: isByTheSchema(record), errors: isByTheSchema.errors }).toMatchObject({
        valid: true,
      });
    return sink.records;
  }

  async function decisionOf(
    send: (app: Express) => request.Test,
    audit: Omit<AuditOptions, 'sink'> = {},
  ): Promise<AuditDecisionRecord> {
    const [record, ...others] = await recordsOf(send, audit);
    expect(others).toEqual([]);
    if (record?.event !== 'decision') throw new Error('no decision was recorded');
    return record;
  }

  const get = (token: string) => (app: Express) =>
    request(app).get('/orders/7?secret=1').set('Authorization', `Bearer ${token}`);
  const plainFingerprint = (token: string) =>
    createHash('sha256').update(token).digest().toString('base64url', 0, 16);

  describe('hold a fixed set of fields', () => {
    const granted = {
      scope: 'orders:read orders:write',
      act: { sub: 'agent-1', act: { sub: 'agent-0', iss: 'https://other.example' } },
      authorization_details: [{ type: 'payment', actions: ['initiate'], iban: 'DE00' }],
      txn: 'txn-1',
      jti: 'token-1',
      email: 'user@example.com',
    };

    it('[design-audit-fields] of an accepted request: everything that was decided, and nothing else', async () => {
      const token = builder.accessToken(granted);
      const { rules, requestId, ...fields } = await decisionOf(get(token));
      expect(fields).toEqual({
        event: 'decision',
        time: '2027-01-15T08:00:00.000Z',
        decision: 'accepted',
        status: 200,
        route: '/orders/:id',
        action: 'GET',
        profile: 'access-token',
        issuer: builder.issuer,
        subject: 'user-1',
        actors: [
          { issuer: builder.issuer, subject: 'agent-1' },
          { issuer: 'https://other.example', subject: 'agent-0' },
        ],
        clientId: 'client-1',
        audience: [builder.audience],
        keyId: 'k1',
        algorithm: 'ES256',
        type: 'at+jwt',
        expiresAt: 1_800_000_300,
        scopes: ['orders:read', 'orders:write'],
        authorizationDetails: [{ type: 'payment', actions: ['initiate'] }],
        tokenId: 'token-1',
        fingerprint: plainFingerprint(token),
        transactionId: 'txn-1',
      });
      expect(requestId).toMatch(/^[\da-f-]{36}$/);
      expect(rules?.length).toBeGreaterThan(10);
      expect(rules?.every(({ verdict }) => verdict === 'satisfied')).toBe(true);
    });

    it('[design-audit-fields] of a request that may not: who was refused, and why', async () => {
      const token = builder.accessToken({ scope: 'orders:write', jti: 'token-2' });
      expect(await decisionOf(get(token))).toMatchObject({
        decision: 'refused',
        status: 403,
        code: 'scope.insufficient',
        route: '/orders/:id',
        subject: 'user-1',
        scopes: ['orders:write'],
        tokenId: 'token-2',
      });
    });

    it('[design-audit-fields] of a token that breaks a rule: each rule with its verdict', async () => {
      const token = builder.accessToken({ aud: 'https://other.example', exp: 1 });
      const { rules = [], ...fields } = await decisionOf(get(token));
      expect(fields).toMatchObject({
        decision: 'refused',
        status: 401,
        code: 'token.audience-mismatch',
        issuer: builder.issuer,
        subject: 'user-1',
        audience: ['https://other.example'],
        expiresAt: 1,
      });
      expect(fields).not.toHaveProperty('unverified');
      expect(rules.filter(({ verdict }) => verdict === 'rejected').map(({ rule }) => rule)).toEqual([
        'aud names this receiver',
        'exp lies ahead',
      ]);
    });

    it('[design-audit-fields] of a request without a token: nothing but that', async () => {
      const { requestId, ...fields } = await decisionOf((app) => request(app).get('/orders/7'));
      expect(fields).toEqual({
        event: 'decision',
        time: '2027-01-15T08:00:00.000Z',
        decision: 'refused',
        status: 401,
        code: 'request.token-missing',
        action: 'GET',
      });
      expect(requestId).not.toBe('');
    });

    it('[design-audit-fields] of what was done for whom, linked to the token', async () => {
      const token = builder.accessToken(granted);
      const [action, decision] = await recordsOf((app) =>
        request(app).post('/orders').set('Authorization', `Bearer ${token}`),
      );
      expect(action).toEqual({
        event: 'action',
        time: '2027-01-15T08:00:00.000Z',
        requestId: expect.any(String),
        action: 'orders.create',
        outcome: 'succeeded',
        issuer: builder.issuer,
        subject: 'user-1',
        actors: [
          { issuer: builder.issuer, subject: 'agent-1' },
          { issuer: 'https://other.example', subject: 'agent-0' },
        ],
        clientId: 'client-1',
        tokenId: 'token-1',
        fingerprint: plainFingerprint(token),
        transactionId: 'txn-1',
      });
      expect(decision).toMatchObject({ event: 'decision', decision: 'accepted', status: 201 });
    });

    it('[design-audit-fields] with subjects and actors as pseudonyms, the same for the same person', async () => {
      const key = Buffer.alloc(32, 7);
      const audit = { key, subject: 'pseudonym' } as const;
      const send = get(builder.accessToken(granted));
      const first = await decisionOf(send, audit);
      const second = await decisionOf(send, audit);
      const other = await decisionOf(get(builder.accessToken({ ...granted, sub: 'user-2' })), audit);
      const expected = createHmac('sha256', key)
        .update(JSON.stringify(['subject', builder.issuer, 'user-1']))
        .digest()
        .toString('base64url', 0, 16);
      expect(first.subject).toBe(expected);
      expect(second.subject).toBe(expected);
      expect(other.subject).not.toBe(expected);
      expect(JSON.stringify(first)).not.toMatch(/user-1|agent-/);
      expect(first.tokenId).toBe('token-1');
    });

    it('needs a key for pseudonyms, and one that is long enough', () => {
      const sink = collectingSink();
      expect(() => serverWith({ sink, subject: 'pseudonym' })).toThrow(SetupError);
      expect(() => serverWith({ sink, key: Buffer.alloc(31) })).toThrow(/audit\.key/);
      expect(() => serverWith({ sink, key: Buffer.alloc(32) })).not.toThrow();
      expect(() => serverWith({ sink: {} as AuditSink })).toThrow(/audit\.sink/);
    });

    it.each([
      ['a field that is not in it', { extra: 1 }],
      ['no decision', { decision: undefined }],
      ['a token for a fingerprint', { fingerprint: 'a.b.c' }],
      ['a text that is too long', { issuer: 'x'.repeat(257) }],
    ])('has a schema, which refuses %s', (_what, change) => {
      const good = {
        event: 'decision',
        time: '2027-01-15T08:00:00.000Z',
        requestId: '1',
        decision: 'refused',
        status: 401,
      };
      expect(isByTheSchema(good)).toBe(true);
      expect(isByTheSchema(JSON.parse(JSON.stringify({ ...good, ...change })))).toBe(false);
    });

    it('names the request as the application does', async () => {
      const audit: Omit<AuditOptions, 'sink'> = {
        requestId: ({ headers }) => headers['x-request-id']?.[0] ?? '',
      };
      const send = (app: Express) => get(builder.accessToken())(app).set('X-Request-Id', 'req-7');
      expect((await decisionOf(send, audit)).requestId).toBe('req-7');
    });
  });

  describe('identify the token', () => {
    it('[design-audit-fingerprint] the same token the same way, another one in another', async () => {
      const [one, two] = [builder.accessToken(), builder.accessToken()];
      const fingerprints = await Promise.all(
        [one, one, two].map(async (token) => (await decisionOf(get(token))).fingerprint),
      );
      expect(fingerprints[0]).toBe(plainFingerprint(one));
      expect(fingerprints[1]).toBe(fingerprints[0]);
      expect(fingerprints[2]).not.toBe(fingerprints[0]);
      expect(Buffer.from(fingerprints[0] ?? '', 'base64url')).toHaveLength(16);
    });

    it('[design-audit-fingerprint] in a way that depends on the key, where there is one', async () => {
      const token = builder.accessToken();
      const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
      const withA = (await decisionOf(get(token), { key: a })).fingerprint;
      const withB = (await decisionOf(get(token), { key: b })).fingerprint;
      expect(withA).toBe(
        createHmac('sha256', a)
          .update(JSON.stringify(['token', plainFingerprint(token)]))
          .digest()
          .toString('base64url', 0, 16),
      );
      expect(new Set([withA, withB, plainFingerprint(token)]).size).toBe(3);
      expect(Buffer.from(withA ?? '', 'base64url')).toHaveLength(16);
    });

    it('[design-audit-fingerprint] also where it could not be read', async () => {
      expect((await decisionOf(get('not.a.token'))).fingerprint).toBe(plainFingerprint('not.a.token'));
    });
  });

  describe('mark what nobody vouches for', () => {
    const hostile = `evil\r\n{"event":"decision"}\u001b[2J\u009b\u202e\u2028`;

    it('[design-audit-unverified] keeps it apart, escaped, and cut', async () => {
      const forged = compactJws({
        header: { ...builder.header(), kid: 'k'.repeat(3000), typ: hostile },
        payload: { ...builder.claims(), iss: hostile, sub: 'admin', client_id: 'client-1' },
        key: stranger.key,
      });
      const record = await decisionOf(get(forged));
      expect(record).toMatchObject({
        decision: 'refused',
        code: 'token.issuer-unknown',
        fingerprint: plainFingerprint(forged),
      });
      expect(Object.keys(record).sort()).toEqual(
        [
          'action',
          'code',
          'decision',
          'event',
          'fingerprint',
          'requestId',
          'status',
          'time',
          'unverified',
        ].sort(),
      );
      expect(record.unverified).toMatchObject({ subject: 'admin', clientId: 'client-1', algorithm: 'ES256' });
      expect(record.unverified?.issuer).toBe(
        'evil\\u{d}\\u{a}{"event":"decision"}\\u{1b}[2J\\u{9b}\\u{202e}\\u{2028}',
      );
      expect(record.unverified?.keyId).toHaveLength(256);
    });

    it('[design-audit-unverified] holds a kid of a megabyte down to 256 characters', async () => {
      const sink = collectingSink();
      const resourceServer = serverWith(sink);
      const view = (token: string) => ({
        method: 'GET',
        url: '/',
        headers: { authorization: [`Bearer ${token}`] },
      });
      const token = compactJws({
        header: { ...builder.header(), kid: 'k'.repeat(1_000_000) },
        payload: builder.claims(),
        key: stranger.key,
      });
      const error: unknown = await resourceServer
        .authenticate(view(token))
        .catch((refused: unknown) => refused);
      resourceServer.record({ request: view(token), error, status: 401 });
      expect(sink.records).toHaveLength(1);
      expect(sink.records[0]).toMatchObject({ code: 'token.too-large' });
      expect(JSON.stringify(sink.records[0]).length).toBeLessThan(1000);
    });

    it('[design-audit-unverified] writes one line for each event', async () => {
      const stream = new PassThrough();
      const app = appWith(serverWith(jsonLinesSink(stream)));
      const forged = compactJws({
        header: { ...builder.header(), typ: hostile },
        payload: { ...builder.claims(), iss: hostile },
        key: stranger.key,
      });
      await get(forged)(app).expect(401);
      await get(builder.accessToken({ sub: hostile, scope: 'orders:read' }))(app).expect(200);
      const text = (stream.read() as Buffer).toString();
      const lines = text.split('\n');
      expect(lines).toHaveLength(3);
      expect(lines[2]).toBe('');
      // eslint-disable-next-line no-control-regex -- that is what must not be there
      expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
      expect(lines.slice(0, 2).map((line) => (JSON.parse(line) as AuditRecord).event)).toEqual([
        'decision',
        'decision',
      ]);
    });
  });

  describe('are one for each decision', () => {
    const unreachable = { keys: undefined, fetch: () => Promise.reject(new Error('no network here')) };
    const good = () => builder.accessToken({ scope: 'orders:read' });
    const decisions: readonly (readonly [number, string, (app: Express) => request.Test, object])[] = [
      [200, 'accepted', (app) => get(good())(app), {}],
      [401, 'refused', (app) => get(`${good()}x`)(app), {}],
      [403, 'refused', (app) => get(builder.accessToken())(app), {}],
      [400, 'refused', (app) => get('a b')(app), {}],
      [503, 'undetermined', (app) => get(good())(app), unreachable],
    ];

    it.each(decisions)('[design-audit-once] %d: %s', async (status, decision, send, settings) => {
      const records = await recordsOf(send, {}, settings);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({ event: 'decision', decision, status });
    });

    const badSinks: readonly (readonly [string, AuditSink, object])[] = [
      [
        'throws',
        {
          record: () => {
            throw new Error('disk full');
          },
        },
        { recorded: 0, dropped: 1, waiting: 0 },
      ],
      [
        'rejects',
        { record: () => Promise.reject(new Error('disk full')) },
        { recorded: 0, dropped: 1, waiting: 0 },
      ],
      [
        'hangs',
        { record: () => new Promise<void>(() => undefined) },
        { recorded: 0, dropped: 0, waiting: 1 },
      ],
    ];

    describe.each(badSinks)('and a sink that %s', (_how, sink, statistics) => {
      it.each(decisions)(
        '[design-audit-once] does not change the answer %d',
        async (status, _decision, send, settings) => {
          const resourceServer = serverWith(sink, settings);
          const answer = await send(appWith(resourceServer));
          expect(answer.status).toBe(status);
          expect(resourceServer.auditStatistics()).toEqual(statistics);
        },
      );
    });

    it('[design-audit-once] and what a hanging sink never takes is dropped, and counted', () => {
      const resourceServer = serverWith({ record: () => new Promise<void>(() => undefined) });
      for (let count = 0; count < 1500; count++) resourceServer.record({ status: 200 });
      expect(resourceServer.auditStatistics()).toEqual({ recorded: 0, dropped: 500, waiting: 1000 });
    });
  });
});
