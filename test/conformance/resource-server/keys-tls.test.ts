import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, SetupError, type ResourceServerOptions } from '@assay/core';
import { createCertificate, type Certified } from '../support/create-certificate.js';

const script = fileURLToPath(new URL('../support/report-readiness.mjs', import.meta.url));

/** One https server with one certificate. Its metadata may name a key set on another. */
interface TlsHost {
  readonly origin: string;
  readonly server: Server;
  jwksUri: string;
}

async function startTlsHost(certified: Certified): Promise<TlsHost> {
  const options = { key: await certified.keyPem(), cert: certified.certificatePem };
  const server = createServer(options, (request, response) => {
    const metadata = { issuer: host.origin, jwks_uri: host.jwksUri };
    const document = request.url === '/jwks' ? { keys: [] } : metadata;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const host: TlsHost = { origin, server, jwksUri: `${origin}/jwks` };
  return host;
}

describe('RFC 8414, certificates of servers', () => {
  const hosts: Record<string, TlsHost> = {};
  let directory: string;
  let outcomes: Record<string, string>;
  const named = (name: string) => hosts[name] as TlsHost;

  beforeAll(async () => {
    const addresses = ['127.0.0.1'];
    const authority = await createCertificate({ commonName: 'Test CA', authority: true });
    const yesterday = new Date(Date.now() - 86_400_000);
    const issued = { commonName: 'as.example', signedBy: authority };
    const certificates = {
      good: createCertificate({ ...issued, addresses }),
      'self-signed': createCertificate({ commonName: 'as.example', addresses }),
      expired: createCertificate({ ...issued, addresses, notAfter: yesterday }),
      'wrong-name': createCertificate({ ...issued, names: ['other.example'] }),
    };
    for (const [name, certified] of Object.entries(certificates)) {
      hosts[name] = await startTlsHost(await certified);
      if (name === 'good') continue;
      // The same again, the other way round: good metadata, and the bad certificate on the host of the key set.
      const metadata = await startTlsHost(await certificates.good);
      metadata.jwksUri = named(name).jwksUri;
      hosts[`${name} keys`] = metadata;
    }

    directory = await mkdtemp(join(tmpdir(), 'assay-tls-'));
    const authorityFile = join(directory, 'authority.pem');
    await writeFile(authorityFile, authority.certificatePem);
    const origins = Object.values(hosts).map(({ origin }) => origin);
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...origins], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authorityFile },
    });
    outcomes = JSON.parse(stdout) as Record<string, string>;
  }, 60_000);

  afterAll(async () => {
    for (const { server } of Object.values(hosts)) {
      server.close();
      server.closeAllConnections();
    }
    await rm(directory, { recursive: true });
  });

  it('[rfc8414-6.1-tls-check] fetches metadata and keys where the certificate is good', () => {
    expect(outcomes[named('good').origin]).toBe('ready');
  });

  it.each([
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('[rfc8414-6.1-tls-check] fetches neither metadata nor keys where it is %s', (name, reason) => {
    expect(outcomes[named(name).origin]).toBe(`service.keys-unavailable ${reason}`);
    expect(outcomes[named(`${name} keys`).origin]).toBe(`service.keys-unavailable ${reason}`);
  });

  it.each([
    { rejectUnauthorized: false },
    { insecure: true },
    { tls: { rejectUnauthorized: false } },
    { allowSelfSigned: true },
    { agent: {} },
    { keyPolicy: { rejectUnauthorized: false } },
  ])('[rfc8414-6.1-tls-check] has no switch such as %j', (switched) => {
    const options = { issuer: 'https://as.example', audience: 'https://api.example', ...switched };
    expect(() => createResourceServer(options as ResourceServerOptions)).toThrow(SetupError);
    expect(() => createResourceServer(options as ResourceServerOptions)).toThrow('there is no such option');
  });
});
