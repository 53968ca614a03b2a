import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientError } from '@assay/client';
import { SetupError, type Jwk, type RemoteSigningKey, type SigningKey } from '@assay/core';
import {
  key,
  metadataPath,
  opaqueToken,
  scriptedClient,
  type ScriptedClient,
} from './support/scripted-client.js';

const privateKey = createPrivateKey({ key: { ...key }, format: 'jwk' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

const shown = (value: unknown) =>
  [JSON.stringify(value), inspect(value, { depth: 10, showHidden: true }), String(value)].join('\n');

/** Every text that must not be seen: the key in its forms, the token, and what was sent. */
function secretsOf({ tokenRequests }: ScriptedClient): readonly string[] {
  const assertions = tokenRequests().flatMap((form) => form.get('assertion') ?? []);
  const pemLines = pem.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
  const signatures = assertions.map((jwt) => jwt.slice(jwt.lastIndexOf('.') + 1));
  return [key['d'] as string, ...pemLines, opaqueToken, ...assertions, ...signatures];
}

function expectNoSecret(value: unknown, scripted: ScriptedClient): void {
  const text = shown(value);
  for (const secret of secretsOf(scripted)) expect(text).not.toContain(secret);
}

const remote = (sign: RemoteSigningKey['sign']): RemoteSigningKey => ({ alg: 'ES256', kid: 'kms-1', sign });

describe('a client that is printed', () => {
  let scripted: ScriptedClient;
  beforeEach(async () => {
    scripted = await scriptedClient();
  });
  afterEach(() => scripted.server.close());

  const another = (signingKey: SigningKey) =>
    scripted.another({ assertion: { issuer: 'partner', subject: 'robot-1', key: signingKey } });

  it.each<[string, SigningKey, object]>([
    ['a JWK', key, { alg: 'ES256', kid: key['kid'] }],
    ['a PEM', pem, { alg: 'ES256', kid: key['kid'] }],
    ['a KeyObject', privateKey, { alg: 'ES256', kid: key['kid'] }],
  ])(
    '[rfc7523-client-private-key-handling] shows kid and alg of %s and no key',
    async (_form, signingKey, said) => {
      const client = another(signingKey);
      expectNoSecret(client, scripted);
      await client.getToken();
      expectNoSecret(client, scripted);
      const description = JSON.parse(JSON.stringify(client)) as unknown;
      expect(description).toEqual({
        authorizationServer: scripted.server.origin,
        resource: `${scripted.server.origin}/api`,
        assertion: { issuer: 'partner', subject: 'robot-1', key: said },
      });
      expect(shown(client)).not.toMatch(/"?\b(d|p|q|dp|dq|qi|k)"?: /);
    },
  );

  it('[rfc7523-client-private-key-handling] shows no key after a signing failure', async () => {
    const client = another(remote(() => Promise.reject(new Error('access denied'))));
    const error = await client.getToken().catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ code: 'assertion.signing-failed', cause: new Error('access denied') });
    expectNoSecret(client, scripted);
    expectNoSecret(error, scripted);
    expect(scripted.tokenRequests()).toEqual([]);
    expect(JSON.parse(JSON.stringify(client))).toMatchObject({
      assertion: { key: { alg: 'ES256', kid: 'kms-1' } },
    });
  });

  it.each<[string, Jwk | string]>([
    ['a public key', { kty: 'EC', crv: 'P-256', x: key['x'], y: key['y'] }],
    ['a broken PEM', pem.slice(0, 90)],
    ['a shared secret', { kty: 'oct', k: key['d'] }],
  ])('shows nothing of %s that cannot sign', async (_form, signingKey) => {
    const client = another(signingKey);
    const error = await client.ready().catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(SetupError);
    expectNoSecret(error, scripted);
    await expect(client.getToken()).rejects.toThrow(SetupError);
    expect(scripted.tokenRequests()).toEqual([]);
  });
});

describe('an error of a client', () => {
  let scripted: ScriptedClient;
  beforeEach(async () => {
    scripted = await scriptedClient();
  });
  afterEach(() => scripted.server.close());

  it.each([
    ['refuses and repeats the request', 400, (sent: string) => ({ error: sent, error_description: sent })],
    [
      'refuses with the assertion as its code',
      400,
      (sent: string) => ({ error: new URLSearchParams(sent).get('assertion') }),
    ],
    ['grants a token of another type', 200, () => ({ access_token: opaqueToken, token_type: 'x' })],
    [
      'grants a token with a bad life',
      200,
      () => ({ access_token: opaqueToken, token_type: 'Bearer', expires_in: 'x' }),
    ],
    ['fails', 500, (sent: string) => ({ sent })],
  ])('shows neither key nor assertion nor token when the server %s', async (_form, status, answer) => {
    scripted.server.script('/token', ({ body }, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer(body)));
    });
    const error = await scripted.client.getToken().catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(ClientError);
    expect(scripted.tokenRequests()).toHaveLength(1);
    expectNoSecret(error, scripted);
    expect(error).toMatchObject({ status });
  });

  it('shows nothing of a request that a fetch of one’s own puts into its errors', async () => {
    const client = scripted.another({
      fetch: (url, init) =>
        url.endsWith(metadataPath)
          ? globalThis.fetch(url, init)
          : Promise.reject(
              new Error(`could not send ${(init.body as URLSearchParams).toString()}`, { cause: init }),
            ),
    });
    const error = await client.getToken().catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'token-endpoint.unavailable' });
    expect(shown(error)).not.toContain('assertion=');
  });

  it('tells code, OAuth error and status', async () => {
    scripted.server.script('/token', { status: 400, json: { error: 'invalid_grant' } });
    const error = await scripted.client.getToken().catch((refusal: unknown) => refusal);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'ClientError',
      code: 'token-request.refused',
      error: 'invalid_grant',
      status: 400,
    });
    expect((error as Error).message).toBe(
      'token-request.refused: The authorization server refused the token request. (invalid_grant, status 400)',
    );
  });

  it('keeps subclasses apart', () => {
    class Special extends ClientError {}
    expect(new ClientError('metadata.invalid')).not.toBeInstanceOf(Special);
    expect(new Special('metadata.invalid')).toBeInstanceOf(ClientError);
    expect(undefined).not.toBeInstanceOf(ClientError);
    expect({}).not.toBeInstanceOf(ClientError);
  });
});
