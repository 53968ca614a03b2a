import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Jwk } from '@assay/core';
import { publicJwk } from '@assay/testing';
import { keySetFrom, type KeySet } from '../../../packages/core/src/keys/key-set.js';
import { expectKeysUnavailable } from '../support/expect-unavailable.js';
import { createCertificate } from '../support/create-certificate.js';
import { closeDocumentServers } from '../support/document-server.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis } from '../support/protected-api.js';
import { startRemoteKeyApi } from '../support/remote-key-api.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

describe('RFC 7517, one JWK', () => {
  let rsa: Jwk;
  let ec: Jwk;
  let otherEc: Jwk;
  beforeAll(async () => {
    rsa = await generateJwk('RSA 2048', { kid: 'k1' });
    ec = await generateJwk('P-256', { kid: 'k1', alg: 'ES256' });
    otherEc = await generateJwk('P-256', { kid: 'k1', alg: 'ES256' });
  });

  describe('kty', () => {
    const entries = () => [publicJwk({ ...rsa, alg: 'RS256' }), publicJwk(ec)];

    it('[rfc7517-4.1-kty-match] accepts an ES256 token whose kid an RSA key carries too', async () => {
      const api = await startRemoteKeyApi(entries);
      await expectAccepted(api, api.tokenBy(ec));
    });

    it('[rfc7517-4.1-kty-match] never hands the RSA key to the verifier', () => {
      const { index } = keySetFrom({ keys: entries() }) as KeySet;
      const candidates = index.candidates({ alg: 'ES256', kid: 'k1' });
      expect(candidates.map(({ key }) => key.asymmetricKeyType)).toEqual(['ec']);
    });
  });

  describe('use', () => {
    it.each(['enc', 'tls'])('[rfc7517-4.2-use] refuses a token whose key has the use "%s"', async (use) => {
      const api = await startRemoteKeyApi((key) => [{ ...publicJwk(key), use }]);
      await expectInvalidToken(api, api.builder.accessToken(), 'token.key-unknown');
      expect(api.eventsOf('fetched')[0]).toMatchObject({ keys: 0, skipped: ['use is not sig'] });
    });

    it('[rfc7517-4.2-use] accepts a token whose key states no use', async () => {
      const api = await startRemoteKeyApi((key) => [{ ...publicJwk(key), use: undefined }]);
      await expectAccepted(api, api.builder.accessToken());
    });
  });

  describe('key_ops', () => {
    it.each([
      ['["encrypt"]', { key_ops: ['encrypt'] }, 'key_ops does not allow verify'],
      ['verify twice', { key_ops: ['verify', 'verify'] }, 'key_ops is malformed'],
      ['a text', { key_ops: 'verify' }, 'key_ops is malformed'],
      ['["wrapKey"] beside use "sig"', { key_ops: ['wrapKey'], use: 'sig' }, 'key_ops does not allow verify'],
      [
        '["verify", "wrapKey"] beside use "sig"',
        { key_ops: ['verify', 'wrapKey'], use: 'sig' },
        'key_ops does not agree with use',
      ],
      ['["verify", 1]', { key_ops: ['verify', 1] }, 'key_ops is malformed'],
    ])('[rfc7517-4.3-key-ops] skips a key whose key_ops is %s', async (_what, members, reason) => {
      const api = await startRemoteKeyApi((key) => [{ ...publicJwk(key), ...members }]);
      await expectInvalidToken(api, api.builder.accessToken(), 'token.key-unknown');
      expect(api.eventsOf('fetched')[0]).toMatchObject({ keys: 0, skipped: [reason] });
    });

    it.each([
      ['["verify"]', { key_ops: ['verify'] }],
      ['["verify", "sign"] beside use "sig"', { key_ops: ['verify', 'sign'], use: 'sig' }],
    ])('[rfc7517-4.3-key-ops] uses a key whose key_ops is %s', async (_what, members) => {
      const api = await startRemoteKeyApi((key) => [{ ...publicJwk(key), ...members }]);
      await expectAccepted(api, api.builder.accessToken());
    });
  });

  describe('alg', () => {
    it.each([
      ['RS256', 'PS256'],
      ['RS256', 'RS512'],
      ['RSA-OAEP', 'PS256'],
      ['RSA-OAEP', 'RS512'],
    ] as const)(
      '[rfc7517-4.4-alg] refuses, with a key for %s, a token by the same key with %s',
      async (alg, used) => {
        const api = await startRemoteKeyApi(() => [publicJwk({ ...rsa, alg })]);
        const token = api.builder.accessToken({}, { key: rsa, alg: used, header: { alg: used } });
        await expectInvalidToken(api, token, 'token.key-unknown');
      },
    );

    it('accepts, with a key for RS256, a token by it with RS256', async () => {
      const api = await startRemoteKeyApi(() => [publicJwk({ ...rsa, alg: 'RS256' })]);
      await expectAccepted(api, api.tokenBy({ ...rsa, alg: 'RS256' }));
    });
  });

  describe('kid', () => {
    const candidatesWithoutKid = (keys: readonly Jwk[]) => {
      const { index } = keySetFrom({ keys: keys.map(publicJwk) }) as KeySet;
      return index.candidates({ alg: 'ES256', kid: undefined });
    };

    it('[rfc7517-4.5-unknown-kid] refuses a kid that is not in the set, after one refresh, whoever signed', async () => {
      const api = await startRemoteKeyApi();
      await expectAccepted(api, api.builder.accessToken());
      const fetchesBefore = api.server.requests.length;
      await expectInvalidToken(
        api,
        api.builder.accessToken({}, { header: { kid: 'new' } }),
        'token.key-unknown',
      );
      // Two, because the verifier and the API behind HTTP have a key source each.
      expect(api.server.requests.length - fetchesBefore).toBe(2);
    });

    it('[rfc7517-4.5-unknown-kid] refuses without a refresh during the cooldown', async () => {
      const api = await startRemoteKeyApi();
      await api.resourceServer.ready();
      const unknown = api.builder.accessToken({}, { header: { kid: 'new' } });
      await api.sendToken(unknown);
      expect(api.server.requests).toHaveLength(2);
      api.clock.advanceSeconds(0.999);
      expect((await api.sendToken(unknown)).status).toBe(401);
      expect(api.server.requests).toHaveLength(2);
      api.clock.advanceSeconds(0.001);
      expect((await api.sendToken(unknown)).status).toBe(401);
      expect(api.server.requests).toHaveLength(3);
    });

    it('[rfc7517-4.5-unknown-kid] answers 503 instead when the refresh fails, and while it backs off', async () => {
      const api = await startRemoteKeyApi();
      await expectAccepted(api, api.builder.accessToken());
      api.server.serveRaw('/jwks', { status: 500 });
      const unknown = api.builder.accessToken({}, { header: { kid: 'new' } });
      await expectKeysUnavailable(api, unknown);
      const { length } = api.server.requests;
      await expectKeysUnavailable(api, unknown);
      expect(api.server.requests).toHaveLength(length);
      await expectAccepted(api, api.builder.accessToken());
    });

    it('[rfc7517-4.5-dup-kid] accepts a token by the second of two keys of one kid', async () => {
      const api = await startRemoteKeyApi(() => [publicJwk(ec), publicJwk(otherEc)]);
      await expectAccepted(api, api.tokenBy(otherEc));
      await expectAccepted(api, api.tokenBy(ec));
    });

    it('[rfc7517-4.5-dup-kid] refuses a token by neither of them', async () => {
      const stranger = await generateJwk('P-256', { kid: 'k1', alg: 'ES256' });
      const api = await startRemoteKeyApi(() => [publicJwk(ec), publicJwk(otherEc)]);
      await expectInvalidToken(api, api.tokenBy(stranger), 'token.signature-invalid');
    });

    it.each([
      [4, 'accepts'],
      [5, 'refuses'],
    ])('[rfc7517-4.5-dup-kid] tries four keys: of %i, %s a token by the last', async (count, verdict) => {
      const keys = await Promise.all(
        Array.from({ length: count }, () => generateJwk('P-256', { kid: 'k1', alg: 'ES256' })),
      );
      const api = await startRemoteKeyApi(() => keys.map(publicJwk));
      const token = api.tokenBy(keys.at(-1) ?? ec);
      if (verdict === 'accepts') await expectAccepted(api, token);
      else await expectInvalidToken(api, token, 'token.signature-invalid');
      expect(candidatesWithoutKid(keys)).toHaveLength(4);
    });

    it.each([
      [1, 0],
      [3, 2],
    ])(
      '[rfc7517-4.5-no-kid] accepts a token without kid that one of %i fitting keys verifies',
      async (count, signer) => {
        const keys = await Promise.all(
          Array.from({ length: count }, (_, at) => generateJwk('P-256', { kid: `k${String(at)}` })),
        );
        const api = await startRemoteKeyApi(() => keys.map(publicJwk));
        const token = api.tokenBy({ ...(keys[signer] as Jwk), alg: 'ES256' }, { kid: undefined });
        await expectAccepted(api, token);
      },
    );

    it('[rfc7517-4.5-no-kid] tries four of 50 fitting keys and then refuses', async () => {
      const keys = await Promise.all(
        Array.from({ length: 50 }, (_, at) => generateJwk('P-256', { kid: `k${String(at)}` })),
      );
      const api = await startRemoteKeyApi(() => keys.map(publicJwk));
      const by = (at: number) => api.tokenBy({ ...(keys[at] as Jwk), alg: 'ES256' }, { kid: undefined });
      expect(candidatesWithoutKid(keys)).toHaveLength(4);
      await expectAccepted(api, by(3));
      await expectInvalidToken(api, by(4), 'token.signature-invalid');
      await expectInvalidToken(api, by(49), 'token.signature-invalid');
    });
  });

  describe('x5c', () => {
    /** An RSA key, and a certificate for it. */
    async function certified(kid: string): Promise<{ jwk: Jwk; x5c: string[] }> {
      const certificate = await createCertificate({ commonName: 'as.example', keyType: 'RSA' });
      const jwk = { ...(await certificate.jwk()), kid, alg: 'RS256' };
      return { jwk, x5c: [certificate.der.toString('base64')] };
    }

    it('[rfc7517-4.7-x5c-consistent] skips a key beside the certificate of another; others are unaffected', async () => {
      const [a, b] = await Promise.all([certified('a'), certified('b')]);
      const api = await startRemoteKeyApi((key) => [{ ...publicJwk(a.jwk), x5c: b.x5c }, publicJwk(key)]);
      await expectInvalidToken(api, api.tokenBy(a.jwk), 'token.key-unknown');
      await expectInvalidToken(api, api.tokenBy({ ...b.jwk, kid: 'a' }), 'token.key-unknown');
      await expectAccepted(api, api.builder.accessToken());
      expect(api.eventsOf('fetched')[0]).toMatchObject({
        keys: 1,
        skipped: ['x5c does not hold the same public key'],
      });
    });

    it('[rfc7517-4.7-x5c-consistent] uses a key beside its own certificate', async () => {
      const { jwk, x5c } = await certified('a');
      const api = await startRemoteKeyApi(() => [{ ...publicJwk(jwk), x5c }]);
      await expectAccepted(api, api.tokenBy(jwk));
    });

    it.each([
      ['a text', 'MIIB'],
      ['an empty list', []],
      ['a list of numbers', [1]],
      ['no certificate', ['AAAA']],
    ])('[rfc7517-4.7-x5c-consistent] skips a key whose x5c is %s', async (_what, x5c) => {
      const api = await startRemoteKeyApi((key) => [{ ...publicJwk(key), x5c }]);
      await expectInvalidToken(api, api.builder.accessToken(), 'token.key-unknown');
    });
  });
});

describe('RFC 7517, the JWK Set', () => {
  it('[rfc7517-5-skip-bad-keys] verifies with the one good key among bad ones, and tells of them once', async () => {
    const rsa = publicJwk(await generateJwk('RSA 2048', { kid: 'rsa' }));
    const ec = publicJwk(await generateJwk('P-256', { kid: 'ec' }));
    const bad = [
      { kty: 'XYZ', kid: 'bad' },
      { ...rsa, n: undefined },
      { ...rsa, n: 'not base64url!' },
      { ...ec, y: ec['x'] },
      { ...ec, crv: 'P-999' },
      7,
      null,
    ];
    const api = await startRemoteKeyApi((key) => [...bad, publicJwk(key)]);
    await expectAccepted(api, api.builder.accessToken());
    const [fetched] = api.eventsOf('fetched');
    expect(fetched).toMatchObject({ keys: 1, warnings: [] });
    expect(fetched?.skipped).toEqual([
      'kty, crv or a public member is missing or malformed',
      'kty, crv or a public member is missing or malformed',
      'kty, crv or a public member is missing or malformed',
      'the public members do not make a key',
      'kty, crv or a public member is missing or malformed',
      'not a JSON object',
      'not a JSON object',
    ]);
    expect(JSON.stringify(api.events)).not.toContain(ec['x']);
  });

  const notSets = [
    ['a list', '[]'],
    ['an object without keys', '{}'],
    ['keys that is an object', '{"keys":{}}'],
    ['keys that is a text', '{"keys":"x"}'],
    ['HTML', '<html><body>keys</body></html>'],
  ] as const;

  it.each(notSets)(
    '[rfc7517-5-set-shape] answers 503 to every token where %s comes first',
    async (_what, body) => {
      const api = await startRemoteKeyApi();
      api.server.serveRaw('/jwks', { body });
      await expectKeysUnavailable(api, api.builder.accessToken());
    },
  );

  it.each(notSets)(
    '[rfc7517-5-set-shape] keeps the last good set until its hard expiry where %s comes later',
    async (_what, body) => {
      const api = await startRemoteKeyApi();
      await expectAccepted(api, api.builder.accessToken());
      api.server.serveRaw('/jwks', { body });
      api.clock.advanceSeconds(600 + 3600 - 1);
      await expectAccepted(api, api.builder.accessToken());
      expect(api.eventsOf('fetch-failed')).not.toHaveLength(0);
      api.clock.advanceSeconds(1);
      await expectKeysUnavailable(api, api.builder.accessToken());
    },
  );

  it('[rfc7517-5-set-shape] lets an empty set replace the set: every token is refused', async () => {
    const api = await startRemoteKeyApi();
    await expectAccepted(api, api.builder.accessToken());
    api.server.serve('/jwks', { keys: [] });
    api.clock.advanceSeconds(600);
    await expectInvalidToken(api, api.builder.accessToken(), 'token.key-unknown');
  });

  it('refuses a set of more than 250 keys, and a set with a member twice', async () => {
    const api = await startRemoteKeyApi((key) => [...Array<unknown>(250).fill(1), publicJwk(key)]);
    await expectKeysUnavailable(api, api.builder.accessToken());
    api.server.serve('/jwks', { keys: [...Array<unknown>(249).fill(1), publicJwk(api.key)] });
    api.clock.advanceSeconds(1);
    await expectAccepted(api, api.builder.accessToken());

    const twice = await startRemoteKeyApi();
    const keys = JSON.stringify([publicJwk(twice.key)]);
    twice.server.serveRaw('/jwks', { body: `{"keys":[],"keys":${keys}}` });
    await expectKeysUnavailable(twice, twice.builder.accessToken());
  });

  it('[rfc7517-9.2-non-public] ignores a symmetric key in a set, and refuses its tokens', async () => {
    const k = Buffer.alloc(32, 7).toString('base64url');
    const api = await startRemoteKeyApi((key) => [
      { kty: 'oct', alg: 'HS256', kid: 'shared', k },
      publicJwk(key),
    ]);
    const token = hs256(api.builder.claims(), { kid: 'shared', k });
    await expectInvalidToken(api, token, 'token.algorithm-refused');
    await expectAccepted(api, api.builder.accessToken());
    expect(api.eventsOf('fetched')[0]?.skipped).toEqual(['kty is oct: symmetric keys are not published']);
    expect(JSON.stringify(api.events)).not.toContain(k);
  });

  it('[rfc7517-9.2-non-public] drops the private member of an EC key, uses the public part and warns', async () => {
    const api = await startRemoteKeyApi((key) => [key]);
    await expectAccepted(api, api.builder.accessToken());
    expect(api.eventsOf('fetched')[0]).toMatchObject({
      keys: 1,
      skipped: [],
      warnings: ['the private half of a key was published; only the public half was kept'],
    });
    const { keys } = keySetFrom({ keys: [api.key] }) as KeySet;
    expect(keys.map(({ key }) => key.type)).toEqual(['public']);
    expect(Object.keys(keys[0]?.key.export({ format: 'jwk' }) ?? {})).not.toContain('d');
  });
});

/** A token by a symmetric key, as an attacker who knows the key would make it. */
function hs256(claims: Record<string, unknown>, { kid, k }: { kid: string; k: string }): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${encode(claims)}`;
  const mac = createHmac('sha256', Buffer.from(k, 'base64url')).update(input).digest('base64url');
  return `${input}.${mac}`;
}
