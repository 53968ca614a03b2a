// Tokens that are bound to a key, wherever Nest meets one: over HTTP/1.1 and HTTP/2, in gateways and in GraphQL. What
// makes a proof or a certificate good is core's affair, and tested there.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  Get,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
  type NestApplicationOptions,
} from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { authenticationOf, failures, type FailureCode, type Principal } from '@assay/core';
import { AssayModule, CurrentPrincipal } from '@assay/nest';
import {
  createProofBuilder,
  createTokenBuilder,
  fixedClock,
  type FixedClock,
  type ProofBuilder,
  type TokenBuilder,
} from '@assay/testing';
import { createClient } from 'graphql-ws';
import { io } from 'socket.io-client';
import request from 'supertest';
import { WebSocket } from 'ws';
import { createCertificate, type Certified } from '../../../test/conformance/support/create-certificate.js';

@Controller('orders')
class OrdersController {
  @Get()
  list(@CurrentPrincipal() principal: Principal) {
    return { for: principal.subject };
  }
}

let connected: string[] = [];

@WebSocketGateway({ path: '/chat' })
class ChatGateway {
  handleConnection(client: object) {
    connected.push(authenticationOf(client)?.principal?.subject ?? 'anonymous');
  }

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal) {
    return { event: 'whoami', data: principal.subject };
  }
}

@Resolver()
class OrdersResolver {
  @Query()
  me(@CurrentPrincipal() principal: Principal) {
    return principal.subject;
  }

  @Query()
  again(@CurrentPrincipal() principal: Principal) {
    return principal.subject;
  }

  @Subscription()
  async *shipped(@CurrentPrincipal() principal: Principal) {
    yield await Promise.resolve({ shipped: principal.subject });
  }
}

interface Identity {
  readonly key?: string;
  readonly cert?: string;
}

let tls: { key: string; cert: string; requestCert: true; rejectUnauthorized: false };
let authorityPem: string;
let alice: Identity;
let bob: Identity;
const nobody: Identity = {};
let aliceThumbprint: string;

let clock: FixedClock;
let tokens: TokenBuilder;
let prover: ProofBuilder;
let app: INestApplication<Server> | undefined;
let port: number;

const identityOf = async (certified: Certified) => ({
  key: await certified.keyPem(),
  cert: certified.certificatePem,
});

beforeAll(async () => {
  const authority = await createCertificate({ commonName: 'Test CA', authority: true });
  const server = await createCertificate({
    commonName: 'localhost',
    addresses: ['127.0.0.1'],
    signedBy: authority,
  });
  authorityPem = authority.certificatePem;
  tls = { ...(await identityOf(server)), requestCert: true, rejectUnauthorized: false };
  const certified = await createCertificate({ commonName: 'alice' });
  aliceThumbprint = createHash('sha256').update(certified.der).digest('base64url');
  alice = await identityOf(certified);
  bob = await identityOf(await createCertificate({ commonName: 'bob' }));
});

beforeEach(async () => {
  connected = [];
  clock = fixedClock();
  tokens = await createTokenBuilder({ clock });
  prover = await createProofBuilder({ clock });
});

afterEach(async () => {
  await app?.close();
  app = undefined;
});

const boundToAlice = () => tokens.accessToken({ cnf: { 'x5t#S256': aliceThumbprint } });
const boundToKey = () => tokens.accessToken({ cnf: { jkt: prover.thumbprint } });

const nothing = () => undefined;
const silent: LoggerService = { log: nothing, error: nothing, warn: nothing };

const listen = async (
  created: (options: NestApplicationOptions) => FastifyAdapter | undefined,
  metadata: ModuleMetadata,
  configure: (made: INestApplication) => unknown = nothing,
) => {
  const assay = AssayModule.forRoot({
    issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
    audience: tokens.audience,
    clock,
    leewaySeconds: 0,
  });
  const testing = await Test.createTestingModule({
    ...metadata,
    imports: [assay, ...(metadata.imports ?? [])],
  })
    .setLogger(silent)
    .compile();
  const options = { httpsOptions: tls } as unknown as NestApplicationOptions;
  const adapter = created(options);
  const made: INestApplication<Server> =
    adapter === undefined ? testing.createNestApplication(options) : testing.createNestApplication(adapter);
  app = made;
  configure(made);
  await made.listen(0, '127.0.0.1');
  port = (made.getHttpServer().address() as AddressInfo).port;
};

const platforms = [
  ['Express', () => undefined],
  ['Fastify', () => new FastifyAdapter({ https: tls })],
] as const;

const expectDescribed = (body: unknown, code: FailureCode) => {
  const { error, description } = failures[code];
  expect(body).toMatchObject({ error, error_description: description });
};

describe('HTTP/2 on Fastify', () => {
  const get = async (identity: Identity, authorization: string) => {
    const session = connect(`https://127.0.0.1:${String(port)}`, { ca: authorityPem, ...identity });
    const stream = session.request({ ':path': '/orders', authorization });
    const [headers] = (await once(stream, 'response')) as [Record<string, string | number>];
    const body = JSON.parse((await stream.setEncoding('utf8').toArray()).join('')) as unknown;
    session.close();
    return { headers, body };
  };

  it('[rfc8705-3-cert-match] judges the certificate of the connection', async () => {
    await listen(() => new FastifyAdapter({ http2: true, https: tls }), {
      controllers: [OrdersController],
    });
    const accepted = await get(alice, `Bearer ${boundToAlice()}`);
    expect([accepted.headers[':status'], accepted.body]).toEqual([200, { for: 'user-1' }]);
    for (const [identity, code] of [
      [bob, 'token.confirmation-mismatch'],
      [nobody, 'token.certificate-required'],
    ] as const) {
      const refused = await get(identity, `Bearer ${boundToAlice()}`);
      expect(refused.headers[':status']).toBe(401);
      expect(refused.headers['www-authenticate']).toContain('error="invalid_token"');
      expectDescribed(refused.body, code);
    }
  });
});

describe.each(platforms)('gateways of ws on %s', (_platform, created) => {
  beforeEach(() =>
    listen(created, { providers: [ChatGateway] }, (made) => made.useWebSocketAdapter(new WsAdapter(made))),
  );

  /** What came of an attempt to connect: an open connection, or the answer to the upgrade. */
  const upgrade = async (identity: Identity, headers: Readonly<Record<string, string>>) => {
    const client = new WebSocket(`wss://127.0.0.1:${String(port)}/chat?room=1`, {
      headers,
      ca: authorityPem,
      ...identity,
    });
    client.on('error', nothing);
    const refused = once(client, 'unexpected-response').then(async ([, response]: unknown[]) => {
      const answer = response as IncomingMessage;
      const body = JSON.parse((await answer.setEncoding('utf8').toArray()).join('')) as unknown;
      return { client, status: answer.statusCode, challenge: answer.headers['www-authenticate'], body };
    });
    const opened = once(client, 'open').then(() => ({ client, status: 101, challenge: undefined, body: {} }));
    return Promise.race([refused, opened]);
  };

  const expectConnected = async (identity: Identity, headers: Readonly<Record<string, string>>) => {
    const { client, status } = await upgrade(identity, headers);
    expect(status).toBe(101);
    client.send(JSON.stringify({ event: 'whoami', data: {} }));
    const [received] = (await once(client, 'message')) as [Buffer];
    expect(JSON.parse(received.toString())).toEqual({ event: 'whoami', data: 'user-1' });
    expect(connected).toEqual(['user-1']);
    client.terminate();
    connected = [];
  };

  const expectRefused = async (
    identity: Identity,
    headers: Readonly<Record<string, string>>,
    code: FailureCode,
  ) => {
    const { status, challenge, body } = await upgrade(identity, headers);
    expect(status).toBe(401);
    expect(challenge).toContain(`error="${String(failures[code].error)}"`);
    expectDescribed(body, code);
    expect(connected).toEqual([]);
  };

  it('[rfc8705-3-cert-match] judge the certificate of the connection at the handshake', async () => {
    const headers = () => ({ authorization: `Bearer ${boundToAlice()}` });
    await expectConnected(alice, headers());
    await expectRefused(bob, headers(), 'token.confirmation-mismatch');
    await expectRefused(nobody, headers(), 'token.certificate-required');
  });

  it('judge the proof of the handshake', async () => {
    const token = boundToKey();
    const url = 'https://api.example/chat';
    const headers = prover.headers(token, { url });
    await expectConnected(nobody, { ...headers });
    await expectRefused(nobody, { ...headers }, 'proof.replayed');
    await expectRefused(nobody, { authorization: `DPoP ${token}` }, 'proof.missing');
    await expectRefused(nobody, { authorization: `Bearer ${token}` }, 'token.proof-required');
    const elsewhere = prover.headers(token, { url: 'https://api.example/other' });
    await expectRefused(nobody, { ...elsewhere }, 'proof.uri-mismatch');
    const posting = prover.headers(token, { url, method: 'POST' });
    await expectRefused(nobody, { ...posting }, 'proof.method-mismatch');
  });
});

describe.each(platforms)('gateways of socket.io on %s', (_platform, created) => {
  beforeEach(() =>
    listen(created, { providers: [ChatGateway] }, (made) => made.useWebSocketAdapter(new IoAdapter(made))),
  );

  /** Nothing once it is connected, or what the client is told. */
  const connecting = async (
    identity: Identity,
    { extraHeaders = {}, auth = {} }: { extraHeaders?: Record<string, string>; auth?: { token?: string } },
    transport = 'websocket',
  ): Promise<unknown> => {
    const client = io(`https://127.0.0.1:${String(port)}`, {
      path: '/chat',
      transports: [transport],
      reconnection: false,
      forceNew: true,
      ca: authorityPem,
      extraHeaders,
      auth,
      ...identity,
    });
    const outcome = await new Promise((resolve) => {
      client.once('connect', () => {
        resolve(undefined);
      });
      client.once('connect_error', (error) => {
        resolve('data' in error ? error.data : error);
      });
    });
    client.disconnect();
    return outcome;
  };

  // Not by polling: its requests come over connections of their own, and the one of the handshake is gone.
  it('[rfc8705-3-cert-match] judge the certificate of the connection at the handshake', async () => {
    const ways = [
      () => ({ extraHeaders: { authorization: `Bearer ${boundToAlice()}` } }),
      () => ({ auth: { token: boundToAlice() } }),
    ];
    for (const how of ways) {
      expect(await connecting(alice, how())).toBeUndefined();
      expect(connected).toEqual(['user-1']);
      connected = [];
      expectDescribed(await connecting(bob, how()), 'token.confirmation-mismatch');
      expectDescribed(await connecting(nobody, how()), 'token.certificate-required');
      expect(connected).toEqual([]);
    }
  });

  it.each(['websocket', 'polling'])('judge the proof of the handshake, by %s', async (transport) => {
    const token = boundToKey();
    const extraHeaders = { ...prover.headers(token, { url: 'https://api.example/chat/' }) };
    expect(await connecting(nobody, { extraHeaders }, transport)).toBeUndefined();
    expect(connected).toEqual(['user-1']);
    connected = [];
    expectDescribed(await connecting(nobody, { extraHeaders }, transport), 'proof.replayed');
    const withoutProof = { extraHeaders: { authorization: `DPoP ${token}` } };
    expectDescribed(await connecting(nobody, withoutProof, transport), 'proof.missing');
    expectDescribed(await connecting(nobody, { auth: { token } }, transport), 'token.proof-required');
    expect(connected).toEqual([]);
  });
});

describe('GraphQL', () => {
  beforeEach(() =>
    listen(() => undefined, {
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          typeDefs: 'type Query { me: String! again: String! } type Subscription { shipped: String! }',
          subscriptions: { 'graphql-ws': true },
        }),
      ],
      providers: [OrdersResolver],
    }),
  );

  const ask = async ({ key, cert }: Identity, headers: Readonly<Record<string, string>>) => {
    const posted = request((app as INestApplication<Server>).getHttpServer())
      .post('/graphql')
      .ca(authorityPem)
      .set(headers)
      .send({ query: '{ me again }' });
    return key === undefined || cert === undefined ? posted : posted.key(key).cert(cert);
  };

  it('[rfc8705-3-cert-match] judges the certificate of the connection', async () => {
    const headers = () => ({ authorization: `Bearer ${boundToAlice()}` });
    expect((await ask(alice, headers())).body.data).toEqual({ me: 'user-1', again: 'user-1' });
    for (const [identity, code] of [
      [bob, 'token.confirmation-mismatch'],
      [nobody, 'token.certificate-required'],
    ] as const) {
      const { body } = await ask(identity, headers());
      expect(body.data).toBeNull();
      expect(body.errors[0].message).toBe(failures[code].description);
    }
  });

  it('judges the proof once, however many fields ask', async () => {
    const headers = {
      ...prover.headers(boundToKey(), { method: 'POST', url: 'https://api.example/graphql' }),
    };
    expect((await ask(nobody, headers)).body.data).toEqual({ me: 'user-1', again: 'user-1' });
    const replayed = await ask(nobody, headers);
    expect(replayed.body.data).toBeNull();
    expect(replayed.body.errors[0].message).toBe(failures['proof.replayed'].description);
  });

  describe('over graphql-ws', () => {
    const subscribing = async (identity: Identity, headers: Readonly<Record<string, string>>) => {
      class Socket extends WebSocket {
        constructor(address: string, protocols: string | string[]) {
          super(address, protocols, { headers, ca: authorityPem, ...identity });
        }
      }
      const client = createClient({
        url: `wss://127.0.0.1:${String(port)}/graphql`,
        webSocketImpl: Socket,
        retryAttempts: 0,
      });
      for await (const result of client.iterate({ query: 'subscription { shipped }' })) {
        await client.dispose();
        return { data: result.data, message: result.errors?.[0]?.message };
      }
      return undefined;
    };

    it('[rfc8705-3-cert-match] judges the certificate of the connection at the handshake', async () => {
      const headers = () => ({ authorization: `Bearer ${boundToAlice()}` });
      expect(await subscribing(alice, headers())).toEqual({ data: { shipped: 'user-1' } });
      expect((await subscribing(bob, headers()))?.message).toBe(
        failures['token.confirmation-mismatch'].description,
      );
      expect((await subscribing(nobody, headers()))?.message).toBe(
        failures['token.certificate-required'].description,
      );
    });

    it('judges the proof of the handshake', async () => {
      const headers = { ...prover.headers(boundToKey(), { url: 'https://api.example/graphql' }) };
      expect(await subscribing(nobody, headers)).toEqual({ data: { shipped: 'user-1' } });
      expect((await subscribing(nobody, headers))?.message).toBe(failures['proof.replayed'].description);
    });
  });
});
