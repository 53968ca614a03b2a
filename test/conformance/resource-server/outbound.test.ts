import { execFile } from 'node:child_process';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createResourceServer, isAssayError, SetupError, type KeyEvent } from '@assay/core';
import { createTestIssuer, publicJwk } from '@assay/testing';
import { startDiscoveringApi, type DiscoveringApi } from '../support/discovering-api.js';
import { closeDocumentServers } from '../support/document-server.js';
import { expectAccepted } from '../support/expect-outcome.js';
import { expectKeysUnavailable } from '../support/expect-unavailable.js';
import { closeProtectedApis } from '../support/protected-api.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

const metadataPath = '/.well-known/oauth-authorization-server';
const marker = 'marker-in-the-body';

/** Where the server misbehaves: in one document, while the other is good. */
describe.each([
  ['metadata', metadataPath],
  ['the key set', '/jwks'],
])('fetching %s', (_what, path) => {
  let api: DiscoveringApi;
  beforeEach(async () => {
    api = await startDiscoveringApi('', { keyPolicy: { fetchTimeoutMs: 250 } });
    api.server.serve(metadataPath, { issuer: api.issuer, jwks_uri: api.jwksUri });
  });
  const document = () =>
    path === '/jwks'
      ? { keys: [publicJwk(api.key)], marker }
      : { issuer: api.issuer, jwks_uri: api.jwksUri, marker };

  async function expectFailure(message: string): Promise<void> {
    await expectKeysUnavailable(api, api.builder.accessToken());
    const failure = api.events.find((event) => event.kind === 'fetch-failed') as Extract<
      KeyEvent,
      { kind: 'fetch-failed' }
    >;
    expect(failure.error.message).toContain(message);
    expect(failure.error.message).toContain(new URL(api.server.origin).host);
    expect(failure.error.message).not.toContain(marker);
  }

  it('works where the server behaves', async () => {
    api.server.serve(path, document());
    await expectAccepted(api, api.builder.accessToken());
  });

  it('gives up a server that does not answer', async () => {
    const silence: RequestListener = () => undefined;
    api.server.serve(path, silence);
    await expectFailure('no answer in time');
  });

  it('gives up a server whose answer trickles', async () => {
    const trickle: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => {
        clearInterval(drip);
      });
    };
    api.server.serve(path, trickle);
    await expectFailure('no answer in time');
  });

  it('gives up a server that ends the connection in the middle of its answer', async () => {
    const cut: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"keys":', () => response.destroy());
    };
    api.server.serve(path, cut);
    await expectFailure('no connection');
  });

  const withLength = (size: number) => {
    const text = JSON.stringify(document());
    return text + ' '.repeat(size - text.length);
  };
  const limit = 512 * 1024;

  it('reads an answer of 512 KiB', async () => {
    api.server.serveRaw(path, { headers: { 'content-type': 'application/json' }, body: withLength(limit) });
    await expectAccepted(api, api.builder.accessToken());
  });

  it('refuses an answer that is a byte longer', async () => {
    api.server.serveRaw(path, {
      headers: { 'content-type': 'application/json' },
      body: withLength(limit + 1),
    });
    await expectFailure('larger than 524288 bytes');
  });

  it('stops reading an answer without an end', async () => {
    let written = 0;
    const endless: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const block = Buffer.alloc(64 * 1024, ' ');
      const pour = () => {
        while (!response.destroyed) {
          written += block.length;
          if (!response.write(block)) return;
        }
      };
      response.on('drain', pour);
      pour();
    };
    api.server.serve(path, endless);
    await expectFailure('larger than 524288 bytes');
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it('counts the bytes of a compressed answer after they are unpacked', async () => {
    const packed = gzipSync(withLength(limit + 1));
    expect(packed.length).toBeLessThan(10_000);
    const bomb: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed);
    };
    api.server.serve(path, bomb);
    await expectFailure('larger than 524288 bytes');
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirection with %i', async (status) => {
    api.server.serve('/moved', document());
    api.server.serveRaw(path, { status, headers: { location: `${api.server.origin}/moved` }, body: marker });
    await expectFailure(`status ${String(status)}`);
    expect(api.server.requests).not.toContain('/moved');
  });

  it.each([
    ['not JSON', `<html>${marker}</html>`],
    ['JSON with a member twice', `{"${marker}":1,"${marker}":2}`],
    ['JSON 40 deep', `${'['.repeat(40)}"${marker}"${']'.repeat(40)}`],
  ])('refuses an answer that is %s, and repeats nothing of it', async (_kind, body) => {
    api.server.serveRaw(path, { headers: { 'content-type': 'application/json' }, body });
    await expectFailure('the answer is not usable JSON');
  });

  it('sends no cookie that the server has set, and no credentials', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const answer: RequestListener = (request, response) => {
      seen.push(request.headers);
      response
        .writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'session=1; Path=/' })
        .end(JSON.stringify(document()));
    };
    api.server.serve(path, answer);
    await expectAccepted(api, api.builder.accessToken());
    api.clock.advanceSeconds(3600);
    await expectAccepted(api, api.builder.accessToken());
    // The verifier and the API behind HTTP have a key source each, and each has fetched twice.
    expect(seen).toHaveLength(4);
    for (const headers of seen) {
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('referer');
      expect(headers.accept).toContain('application/json');
    }
  });
});

describe('outbound requests', () => {
  const audience = 'https://api.example';

  it.each([
    'http://as.example/jwks',
    'ftp://as.example/jwks',
    'file:///jwks',
    'data:,{}',
    '//as.example/jwks',
    7,
  ])('are never made to %p: it is a set-up error', (jwksUri) => {
    const construct = () =>
      createResourceServer({
        issuer: 'https://as.example',
        audience,
        allowInsecureLoopback: true,
        keys: { jwksUri: jwksUri as string },
      });
    expect(construct).toThrow(SetupError);
    expect(construct).toThrow('keys.jwksUri: it is not an https URL');
  });

  it('are made only to what the configuration names, whatever tokens say', async () => {
    const fetched: string[] = [];
    const issuer = await createTestIssuer();
    const server = createResourceServer({
      ...issuer.options,
      fetch: (url, init) => {
        fetched.push(url);
        return fetch(url, init);
      },
    });
    const authenticate = (token: string) =>
      server.authenticate({ method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } });
    const elsewhere = 'https://attacker.example/jwks';
    const header = { jku: elsewhere, x5u: elsewhere, kid: elsewhere, iss: elsewhere };
    await expect(authenticate(issuer.accessToken())).resolves.toBeDefined();
    for (const token of [
      issuer.accessToken({ iss: 'https://attacker.example', jwks_uri: elsewhere }),
      issuer.accessToken({ jwks_uri: elsewhere }, { header }),
    ]) {
      const refusal = await authenticate(token).catch((error: unknown) => error);
      expect(isAssayError(refusal)).toBe(true);
    }
    await issuer.close();
    expect(new Set(fetched)).toEqual(new Set([`${issuer.issuer}${metadataPath}`, `${issuer.issuer}/jwks`]));
  });

  it('keep no process alive: one that has verified a token ends by itself', async () => {
    const issuer = await createTestIssuer();
    const script = fileURLToPath(new URL('../support/report-exit.mjs', import.meta.url));
    // execFile rejects when the process has to be killed, or ends with another status than 0.
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [script, issuer.issuer, issuer.audience, issuer.accessToken()],
      { timeout: 30_000 },
    );
    await issuer.close();
    expect(stdout.trim()).toBe('user-1');
    expect(issuer.requests.filter((path) => path === '/jwks')).toHaveLength(2);
  }, 60_000);
});
