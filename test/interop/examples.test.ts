import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseChallenges } from '../conformance/support/parse-challenges.js';
import { ordersApi, reportsApi, resourceOf } from './support/example-apis.js';
import { assertionFor, tokenByAssertion, validatedClaims } from './support/foreign-client.js';
import { startForeignIssuer, type ForeignIssuer } from './support/foreign-issuer.js';
import { keyPair } from './support/key-pair.js';
import { freePort, runExample, startExample, type RunningExample } from './support/processes.js';
import { serve, type Service } from './support/serve.js';

// Processes and key pairs take their time on a busy machine; nothing here waits for a clock.
jest.setTimeout(30_000);

// The built entries, as processes of their own: what `npm run build` has left in each dist folder.
let running: RunningExample | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** A port that something else listens on, for the length of a test. */
async function withTakenPort(test: (port: number) => Promise<void>): Promise<void> {
  const port = await freePort();
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  try {
    await test(port);
  } finally {
    holder.close();
    await once(holder, 'close');
  }
}

describe('the built authorization server', () => {
  const example = 'authorization-server';
  const agent = 'foreign-agent';
  const resource = 'https://reports.example';
  const folder = mkdtempSync(join(tmpdir(), 'assay-examples-'));
  const file = join(folder, 'config.json');
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const validConfig = (port: number) => ({
    issuer: `http://127.0.0.1:${String(port)}`,
    port,
    allowInsecureLoopback: true,
    resources: [{ resource, scopes: ['reports:read'], accessTokenLifetimeSeconds: 120 }],
    assertionIssuers: [] as unknown[],
  });

  function runWith(text: string) {
    writeFileSync(file, text);
    return runExample({ example, args: ['--config', file] });
  }

  it('does what the file after --config says', async () => {
    const key = await keyPair('agent-1');
    const assertionIssuer = {
      issuer: agent,
      jwks: { keys: [key.publicJwk] },
      subjects: [agent],
      scopes: ['reports:read'],
      clients: [agent],
      requireClient: false,
    };
    const config = { ...validConfig(await freePort()), assertionIssuers: [assertionIssuer] };
    const { issuer } = config;
    writeFileSync(file, JSON.stringify(config));

    running = await startExample({ example, args: ['--config', file] });

    const assertion = await assertionFor(issuer, { issuer: agent, key });
    const wanted = { clientId: agent, resource, scope: 'reports:read' };
    const { access_token: token, expires_in: expiresInSeconds } = await tokenByAssertion(
      issuer,
      assertion,
      wanted,
    );
    expect(await validatedClaims(issuer, token, resource)).toMatchObject({ iss: issuer, sub: agent });
    expect(expiresInSeconds).toBeLessThanOrEqual(120);
    expect(running.output()).toEqual({
      stdout: `authorization server listening on ${issuer}, issuer ${issuer}\n`,
      stderr: '',
    });
  });

  it('ends with one sentence where the file is missing', async () => {
    const missing = join(folder, 'missing.json');
    expect(await runExample({ example, args: ['--config', missing] })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `authorization server: ${missing} cannot be read (ENOENT). Give the path of a JSON file after --config.\n`,
    });
  });

  it('ends with one sentence where the file is not JSON', async () => {
    expect(await runWith('{ "issuer" 1 }')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `authorization server: ${file} is not JSON: there is a mistake at position 11.\n`,
    });
  });

  it('ends naming the member that it does not know', async () => {
    const config = { ...validConfig(4100), resorces: [] };
    expect(await runWith(JSON.stringify(config))).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        `authorization server: ${file} cannot be used. Mend this and start again:\n` +
        '✖ Unrecognized key: "resorces"\n',
    });
  });

  it('ends with one sentence where its issuer would be plain http in public', async () => {
    const config = { ...validConfig(4100), issuer: 'http://as.example' };
    const { exitCode, stdout, stderr } = await runWith(JSON.stringify(config));
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^authorization server: issuer: [^\n]+\n$/);
  });

  it('ends with one sentence where its port is taken', async () => {
    await withTakenPort(async (port) => {
      expect(await runExample({ example, env: { PORT: String(port) } })).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `authorization server: port ${String(port)} is taken. Set another: PORT=5100, or port in the config file.\n`,
      });
    });
  });
});

describe.each([
  { api: reportsApi, otherApi: ordersApi, name: 'reports API', framework: 'Express' },
  { api: ordersApi, otherApi: reportsApi, name: 'orders API', framework: 'NestJS' },
])('the built $name', ({ api: { example, audience, path, readScope }, otherApi, name, framework }) => {
  let foreign: ForeignIssuer;
  beforeAll(async () => {
    foreign = await startForeignIssuer([resourceOf(reportsApi), resourceOf(ordersApi)]);
  });
  afterAll(() => foreign.close());
  afterEach(() => {
    foreign.throwFailures();
  });

  const environment = (port: number, issuer = foreign.issuer) => ({
    ISSUER: issuer,
    AUDIENCE: audience,
    PORT: String(port),
  });

  it('serves the tokens of a foreign issuer that are meant for it, and no others', async () => {
    const port = await freePort();
    running = await startExample({ example, env: environment(port) });
    const address = `http://127.0.0.1:${String(port)}`;
    const get = (token: string) =>
      fetch(`${address}${path}`, { headers: { authorization: `Bearer ${token}` } });

    const accepted = await get(await foreign.accessToken({ resource: audience, scope: readScope }));
    expect(accepted.status).toBe(200);

    const { audience: resource, readScope: scope } = otherApi;
    const refused = await get(await foreign.accessToken({ resource, scope }));
    expect(refused.status).toBe(401);
    expect(parseChallenges(refused.headers.get('www-authenticate') ?? '')).toEqual([
      {
        scheme: 'bearer',
        parameters: {
          realm: audience,
          resource_metadata: `${audience}/.well-known/oauth-protected-resource`,
          error: 'invalid_token',
          error_description: 'The token is not for this audience.',
        },
      },
    ]);
    expect(running.output()).toEqual({
      stdout: `${name} (${framework}) listening on ${address}, audience ${audience}\n`,
      stderr: '',
    });
  });

  it('ends with one sentence where its port is taken', async () => {
    await withTakenPort(async (port) => {
      expect(await runExample({ example, env: environment(port) })).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `${name}: port ${String(port)} is taken. Set another with PORT.\n`,
      });
    });
  });

  it('ends with one sentence where nobody answers at ISSUER', async () => {
    const issuer = `http://127.0.0.1:${String(await freePort())}`;
    expect(await runExample({ example, env: environment(await freePort(), issuer) })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `${name}: ${issuer} does not give its keys. Start it first, or set another with ISSUER.\n`,
    });
  });

  it('ends with one sentence where ISSUER is not exactly what the metadata says', async () => {
    const issuer = `${foreign.issuer}/`;
    expect(await runExample({ example, env: environment(await freePort(), issuer) })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        `${name}: issuer: the metadata of ${issuer} names another issuer. ` +
        'Give the issuer exactly as the issuer member of its metadata has it.\n',
    });
  });

  describe('where something else answers at ISSUER', () => {
    let other: Service;
    beforeAll(async () => {
      other = await serve(() => (_request, response) => response.writeHead(404).end());
    });
    afterAll(() => other.close());

    it('ends with one sentence', async () => {
      expect(await runExample({ example, env: environment(await freePort(), other.origin) })).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `${name}: ${other.origin} does not give its keys. Start it first, or set another with ISSUER.\n`,
      });
    });
  });

  it('ends with one sentence where ISSUER is no issuer', async () => {
    expect(await runExample({ example, env: environment(await freePort(), 'as.example') })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `${name}: issuer: an issuer is an https URL. Give a URL such as 'https://as.example'.\n`,
    });
  });
});
