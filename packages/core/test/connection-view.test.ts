import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect, createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createTlsServer, get as getOverTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, fulfilDuties, isAssayError, requestViewOf } from '@assay/core';
import { createTokenBuilder } from '@assay/testing';
import { createCertificate, type Certified } from '../../../test/conformance/support/create-certificate.js';

/** What the view of a request told while the connection was open. */
interface Seen {
  readonly remoteAddress: string | undefined;
  readonly certificate: Buffer | undefined;
  readonly url: string;
}

describe('the connection of a request', () => {
  const closing: (() => Promise<unknown>)[] = [];
  let certified: Certified;
  let tls: { key: string; cert: string; requestCert: true; rejectUnauthorized: false };
  let identity: { key: string; cert: string; rejectUnauthorized: false };
  let seen: Seen[] = [];

  beforeAll(async () => {
    const server = await createCertificate({ commonName: 'api.example', addresses: ['127.0.0.1'] });
    const mutual = { requestCert: true, rejectUnauthorized: false } as const;
    tls = { key: await server.keyPem(), cert: server.certificatePem, ...mutual };
    certified = await createCertificate({ commonName: 'client' });
    identity = { key: await certified.keyPem(), cert: certified.certificatePem, rejectUnauthorized: false };
  });
  afterAll(() => Promise.all(closing.map((close) => close())));

  const see = (request: Parameters<typeof requestViewOf>[0]) => {
    const { connection, url } = requestViewOf(request);
    const certificate = connection?.peerCertificate();
    seen.push({
      url,
      remoteAddress: connection?.remoteAddress,
      certificate: certificate && Buffer.from(certificate),
    });
  };
  const listener: RequestListener = (request, response) => {
    see(request);
    response.end();
  };
  const portOf = async (server: Server): Promise<number> => {
    seen = [];
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return (server.address() as AddressInfo).port;
  };
  const answered = async (request: ReturnType<typeof get>) => {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
  };

  it('has the address of the peer, and no certificate without TLS', async () => {
    const port = await portOf(createServer(listener));
    await answered(get({ port, host: '127.0.0.1', agent: false }));
    expect(seen).toEqual([{ url: '/', remoteAddress: '127.0.0.1', certificate: undefined }]);
  });

  it('has the certificate that the peer presented over TLS, if it did', async () => {
    const port = await portOf(createTlsServer(tls, listener));
    await answered(getOverTls({ port, host: '127.0.0.1', agent: false, ...identity }));
    await answered(getOverTls({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false }));
    expect(seen.map(({ certificate }) => certificate)).toEqual([certified.der, undefined]);
  });

  it('is asked anew each time, and knows nothing once it is closed', async () => {
    const views: ReturnType<typeof requestViewOf>[] = [];
    const server = createTlsServer(tls, (request, response) => {
      views.push(requestViewOf(request));
      request.socket.once('close', () => server.emit('gone'));
      response.end();
    });
    const port = await portOf(server);
    const gone = once(server, 'gone');
    await answered(getOverTls({ port, host: '127.0.0.1', agent: false, ...identity }));
    await gone;
    expect(views).toHaveLength(1);
    expect(views[0]?.connection?.peerCertificate()).toBeUndefined();
  });

  describe('over HTTP/2', () => {
    const exchange = async (port: number, headers: Record<string, string>, client: object) => {
      const session = connect(`https://127.0.0.1:${String(port)}`, client);
      const stream = session.request(headers);
      const [answer] = (await once(stream, 'response')) as [Record<string, string>];
      stream.resume();
      await once(stream, 'end');
      session.close();
      return answer;
    };

    it('has address and certificate as over HTTP/1.1', async () => {
      const server = createSecureServer(tls, (request, response) => {
        see(request);
        response.end();
      });
      const port = await portOf(server as unknown as Server);
      await exchange(port, { ':path': '/orders?x=1' }, identity);
      await exchange(port, { ':path': '/orders' }, { rejectUnauthorized: false });
      expect(seen).toEqual([
        { url: '/orders?x=1', remoteAddress: '127.0.0.1', certificate: certified.der },
        { url: '/orders', remoteAddress: '127.0.0.1', certificate: undefined },
      ]);
    });

    it('decides on bound tokens, and keeps answers out of caches, as over HTTP/1.1', async () => {
      const builder = await createTokenBuilder();
      const api = createResourceServer({
        issuer: builder.issuer,
        audience: builder.audience,
        keys: builder.jwks,
        tokenLocations: ['header', 'query'],
      });
      const codes: unknown[] = [];
      const handle = async (request: Http2ServerRequest, response: Http2ServerResponse) => {
        const view = requestViewOf(request);
        try {
          const principal = await api.authenticate(view);
          fulfilDuties(response as never, api.answerDuties(view, principal));
          response.setHeader('Cache-Control', 'public');
          response.end(principal.subject);
        } catch (error) {
          codes.push(isAssayError(error) ? error.code : error);
          const { status, headers } = api.challenge(error);
          response.writeHead(status, headers).end();
        }
      };
      const server = createSecureServer(tls, (request, response) => void handle(request, response));
      const port = await portOf(server as unknown as Server);
      const thumbprint = createHash('sha256').update(certified.der).digest('base64url');
      const token = builder.accessToken({ cnf: { 'x5t#S256': thumbprint } });

      const accepted = await exchange(port, { authorization: `Bearer ${token}` }, identity);
      expect([accepted[':status'], accepted['cache-control']]).toEqual([200, 'public']);
      const inQuery = await exchange(port, { ':path': `/?access_token=${token}` }, identity);
      expect([inQuery[':status'], inQuery['cache-control']]).toEqual([200, 'private']);
      const anonymous = { rejectUnauthorized: false };
      const refused = await exchange(port, { authorization: `Bearer ${token}` }, anonymous);
      expect(refused[':status']).toBe(401);
      expect(refused['www-authenticate']).toContain('error="invalid_token"');
      expect(codes).toEqual(['token.certificate-required']);
    });
  });

  it.each([
    ['no socket', {}],
    ['nothing for a socket', { socket: null }],
  ])('is absent with %s', (_what, request) => {
    expect(requestViewOf({ headers: {}, ...request }).connection).toBeUndefined();
  });

  it.each([
    ['without addresses', {}],
    ['that has no peer', { remoteAddress: undefined, getPeerX509Certificate: () => undefined }],
  ])('has neither address nor certificate with a socket %s', (_what, socket) => {
    const { connection } = requestViewOf({ headers: {}, socket });
    expect(connection?.remoteAddress).toBeUndefined();
    expect(connection?.peerCertificate()).toBeUndefined();
  });

  it('goes by what the socket is, not by what the request says of itself', () => {
    const request = {
      headers: { 'x-forwarded-for': '10.0.0.5' },
      ip: '10.0.0.5',
      connection: { remoteAddress: '10.0.0.5' },
      socket: { remoteAddress: '192.0.2.1' },
    };
    expect(requestViewOf(request).connection?.remoteAddress).toBe('192.0.2.1');
  });
});
