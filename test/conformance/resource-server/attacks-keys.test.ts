import { createPublicKey, createSecretKey, KeyObject, randomBytes, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, SetupError, type Jwk, type KeySource } from '@assay/core';
import { publicJwk } from '@assay/testing';
import { closeDocumentServers } from '../support/document-server.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { generateJwk, type KeyKind } from '../support/generate-jwk.js';
import { macToken } from '../support/mac-token.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';
import { startRemoteKeyApi, type RemoteKeyApi } from '../support/remote-key-api.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

describe('a public key taken for the secret of a MAC', () => {
  const kinds: readonly (readonly [KeyKind, string])[] = [
    ['RSA 2048', 'RS256'],
    ['P-256', 'ES256'],
    ['Ed25519', 'EdDSA'],
  ];

  describe.each(kinds)('%s', (kind, alg) => {
    let key: Jwk;
    let api: RemoteKeyApi;
    beforeAll(async () => {
      key = await generateJwk(kind, { alg, kid: 'public' });
      api = await startRemoteKeyApi(() => [publicJwk(key)]);
    });

    const publicKey = () => createPublicKey({ key: publicJwk(key) as JsonWebKey, format: 'jwk' });
    const pem = () => publicKey().export({ type: 'spki', format: 'pem' }).toString();

    const texts: readonly (readonly [string, () => string | Buffer])[] = [
      ['PEM', pem],
      ['PEM without the final newline', () => pem().trimEnd()],
      ['PEM behind white space', () => ` \n\t${pem()}`],
      ['PEM behind a letter', () => `x${pem()}`],
      ['PEM behind a byte order mark', () => `\ufeff${pem()}`],
      ['PEM with the line ends of Windows', () => pem().replaceAll('\n', '\r\n')],
      ['PEM in one line', () => pem().replaceAll('\n', '')],
      ['DER', () => publicKey().export({ type: 'spki', format: 'der' })],
      ['DER in base64', () => publicKey().export({ type: 'spki', format: 'der' }).toString('base64')],
      ['a JWK', () => JSON.stringify(publicJwk(key))],
      ['a JWK, indented', () => JSON.stringify(publicJwk(key), null, 2)],
      ['a JWK that says oct', () => JSON.stringify({ ...publicJwk(key), kty: 'oct' })],
      ['a JWK Set', () => JSON.stringify({ keys: [publicJwk(key)] })],
    ];

    it.each(texts)(
      '[attack-01-alg-confusion-rs-hs-with] is refused before any key is fetched: %s',
      async (_form, text) => {
        for (const [name, digest] of [
          ['HS256', 'sha256'],
          ['HS512', 'sha512'],
        ] as const) {
          const token = macToken({
            header: { ...api.builder.header(), alg: name, kid: 'public' },
            claims: api.builder.claims(),
            secret: text(),
            digest,
          });
          await expectInvalidToken(api, token, 'token.algorithm-refused');
        }
        expect(api.server.requests).toEqual([]);
      },
    );
  });
});

describe('a token that nobody signed', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });

  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const parts = (alg: unknown) => `${encode({ typ: 'at+jwt', alg })}.${encode(api.builder.claims())}`;
  const signature = () => api.builder.accessToken().split('.')[2] ?? '';

  it.each(['none', 'NONE', 'None', 'nOnE', 'none ', ''])(
    '[attack-02-none-missing-signature-case-variants] is refused: alg %j',
    async (alg) => {
      await expectInvalidToken(api, `${parts(alg)}.`, 'token.algorithm-refused');
      await expectInvalidToken(api, `${parts(alg)}.${signature()}`, 'token.algorithm-refused');
      await expectInvalidToken(api, parts(alg), 'token.malformed');
    },
  );

  it.each([[undefined], [null], [0], [['none']], [{}]])(
    '[attack-02-none-missing-signature-case-variants] is refused: alg %j',
    async (alg) => {
      await expectInvalidToken(api, `${parts(alg)}.`, 'token.malformed');
      await expectInvalidToken(api, `${parts(alg)}.${signature()}`, 'token.malformed');
    },
  );

  it.each(['ES256', 'RS256', 'EdDSA'])(
    '[attack-02-none-missing-signature-case-variants] is refused: alg %s and an empty third part, or none',
    async (alg) => {
      const code = alg === 'ES256' ? 'token.signature-invalid' : 'token.key-unknown';
      await expectInvalidToken(api, `${parts(alg)}.`, code);
      await expectInvalidToken(api, parts(alg), 'token.malformed');
    },
  );

  const answers: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['undefined', undefined],
    ['an empty text', ''],
    ['false', false],
    ['an empty list', []],
    ['a list with null', [null]],
    ['a list with an empty text', ['']],
    ['a promise of null', Promise.resolve(null)],
    ['a promise of an empty text', Promise.resolve('')],
  ];

  it.each(answers)(
    '[attack-02-none-missing-signature-case-variants] is refused where the source of keys answers %s',
    async (_what, answer) => {
      const source = { find: () => answer, ready: () => Promise.resolve() } as unknown as KeySource;
      const answering = await startProtectedApi({
        builder: api.builder,
        clock: api.clock,
        settings: { keys: source },
      });
      await expectInvalidToken(answering, `${parts('none')}.`, 'token.algorithm-refused');
      await expectInvalidToken(answering, `${parts('ES256')}.`, 'token.key-unknown');
      await expectInvalidToken(answering, api.builder.accessToken(), 'token.key-unknown');
    },
  );
});

describe('a key with nothing in it', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });

  const empty = Buffer.alloc(0);
  const algorithms = new Set(['ES256', 'HS256']);
  const byNothing = (alg: string) =>
    macToken({
      header: { ...api.builder.header(), alg },
      claims: api.builder.claims(),
      secret: empty,
    });

  const answers: readonly (readonly [string, unknown])[] = [
    ['an empty text', ''],
    ['empty bytes', empty],
    ['a list with empty bytes', [empty]],
    ['an empty text for a key', [{ kid: 'k1', algorithms, key: '' }]],
    ['empty bytes for a key', [{ kid: 'k1', algorithms, key: empty }]],
    ['an empty secret key', [{ kid: 'k1', algorithms, key: createSecretKey(empty) }]],
    ['a long secret key', [{ kid: 'k1', algorithms, key: createSecretKey(randomBytes(64)) }]],
    ['an oct JWK with an empty k', [{ kid: 'k1', algorithms, key: { kty: 'oct', k: '' } }]],
  ];

  it.each(answers)(
    '[attack-03-empty-or-zero-length-key] verifies nothing: a source of keys answers %s',
    async (_what, answer) => {
      const source = { find: () => answer, ready: () => Promise.resolve() } as unknown as KeySource;
      const answering = await startProtectedApi({
        builder: api.builder,
        clock: api.clock,
        settings: { keys: source },
      });
      await expectInvalidToken(answering, byNothing('HS256'), 'token.algorithm-refused');
      await expectInvalidToken(answering, byNothing('ES256'), 'token.key-unknown');
    },
  );

  it('[attack-03-empty-or-zero-length-key] verifies nothing: a key set holds an oct JWK with an empty k', async () => {
    const remote = await startRemoteKeyApi((key) => [
      { kty: 'oct', k: '', kid: 'k1', alg: 'HS256' },
      { ...publicJwk(key), kid: 'good' },
    ]);
    await expectInvalidToken(remote, byNothing('HS256'), 'token.algorithm-refused');
    await expectAccepted(remote, remote.tokenBy(remote.key, { kid: 'good' }));
    expect(remote.eventsOf('fetched')[0]?.skipped).toEqual(['kty is oct: symmetric keys are not published']);
  });

  it.each<readonly [string, unknown]>([
    ['an empty text, as an environment variable gives it', ''],
    ['empty bytes', Buffer.from('')],
    ['empty bytes of an empty variable', Buffer.from('', 'base64')],
    ['an empty KeyObject', createSecretKey(empty)],
    ['an oct JWK with an empty k', { kty: 'oct', k: '' }],
    ['null', null],
  ])('[attack-03-empty-or-zero-length-key] is refused at start-up: %s', (_what, sharedSecret) => {
    const start = () =>
      createResourceServer({
        issuer: api.builder.issuer,
        audience: api.builder.audience,
        algorithms: ['HS256'],
        sharedSecret: sharedSecret as KeyObject,
      });
    expect(start).toThrow(SetupError);
    expect(start).toThrow(/^sharedSecret: /);
  });

  it('[attack-03-empty-or-zero-length-key] is refused at start-up: a variable that is not set', () => {
    const start = () =>
      createResourceServer({
        issuer: api.builder.issuer,
        audience: api.builder.audience,
        algorithms: ['HS256'],
        sharedSecret: undefined as unknown as Uint8Array,
      });
    expect(start).toThrow(SetupError);
    expect(start).toThrow(
      'algorithms: HS256 is not a supported asymmetric algorithm, and there is no secret for it.',
    );
  });
});
