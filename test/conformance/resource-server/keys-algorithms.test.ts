import { createPublicKey, sign, type JsonWebKeyInput } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createAccessTokenVerifier,
  generateSigningJwk,
  isAssayError,
  knownAlgorithms,
  SetupError,
  type Algorithm,
  type Jwk,
  type Verifier,
} from '@assay/core';
import { compactJws, fixedClock, publicJwk } from '@assay/testing';
import { closeDocumentServers } from '../support/document-server.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { generateJwk, type KeyKind } from '../support/generate-jwk.js';
import { baselineBuilder, closeProtectedApis, nowSeconds } from '../support/protected-api.js';
import { startRemoteKeyApi, type RemoteKeyApi } from '../support/remote-key-api.js';
import { longestSaltFor, signPss } from '../support/sign-pss.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

/** A token whose signature a test makes from the signing input. */
function tokenWith(
  api: RemoteKeyApi,
  header: Record<string, unknown>,
  signature: (input: Buffer) => Buffer,
): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ ...api.builder.header(), ...header })}.${encode(api.builder.claims())}`;
  return `${input}.${signature(Buffer.from(input)).toString('base64url')}`;
}

const signer = (key: Jwk): JsonWebKeyInput => ({ key: { ...key }, format: 'jwk' });

describe('RFC 7518, RSA keys below 2048 bits', () => {
  describe.each(['RSA 1024', 'RSA 2047'] as const)('%s', (kind) => {
    let small: Jwk;
    beforeAll(async () => {
      small = await generateJwk(kind, { kid: 'small' });
    });

    it.each(['RS256', 'PS256'] as const)('[rfc7518-3.3-rsa-2048] is skipped for %s', async (alg) => {
      const api = await startRemoteKeyApi(() => [publicJwk({ ...small, alg })]);
      await expectInvalidToken(api, api.tokenBy({ ...small, alg }), 'token.key-unknown');
      expect(api.eventsOf('fetched')[0]?.skipped).toEqual(['the RSA modulus is shorter than 2048 bits']);
    });

    it('[rfc7518-3.3-rsa-2048] is skipped beside a good key, which stays usable', async () => {
      const api = await startRemoteKeyApi((key) => [publicJwk({ ...small, alg: 'RS256' }), publicJwk(key)]);
      await expectInvalidToken(api, api.tokenBy({ ...small, alg: 'RS256' }), 'token.key-unknown');
      await expectAccepted(api, api.builder.accessToken());
    });

    it.each([
      ['a JWK', (key: Jwk) => key],
      ['a JWK Set beside a good key', async (key: Jwk) => ({ keys: [await generateJwk('P-256'), key] })],
      ['PEM', (key: Jwk) => createPublicKey(signer(key)).export({ type: 'spki', format: 'pem' }) as string],
      ['a KeyObject', (key: Jwk) => createPublicKey(signer(key))],
    ])('[rfc7518-3.3-rsa-2048] is a start-up error as %s in the configuration', async (_what, written) => {
      const keys = await written(publicJwk(small));
      const construct = () =>
        createAccessTokenVerifier({ issuer: 'https://as.example', audience: 'https://api.example', keys });
      expect(construct).toThrow(SetupError);
      expect(construct).toThrow(
        /keys: key \d cannot verify signatures: the RSA modulus is shorter than 2048/,
      );
    });
  });

  it('takes an RSA key of 2048 bits', async () => {
    const key = await generateJwk('RSA 2048', { kid: 'k1', alg: 'RS256' });
    const api = await startRemoteKeyApi(() => [publicJwk(key)]);
    await expectAccepted(api, api.tokenBy(key));
  });

  it.each([
    ['one, with which any text is its own signature', 'AQ'],
    ['even', 'AQAA'],
  ])('skips an RSA key whose exponent is %s', async (_what, e) => {
    const key = await generateJwk('RSA 2048', { kid: 'k1', alg: 'RS256' });
    const api = await startRemoteKeyApi(() => [{ ...publicJwk(key), e }]);
    await expectInvalidToken(api, api.tokenBy(key), 'token.key-unknown');
    expect(api.eventsOf('fetched')[0]).toMatchObject({ keys: 0 });
  });
});

describe('RFC 7518, ECDSA signatures', () => {
  const ecdsa = [
    ['ES256', 'P-256', 'sha256'],
    ['ES384', 'P-384', 'sha384'],
    ['ES512', 'P-521', 'sha512'],
  ] as const;

  describe.each(ecdsa)('%s', (alg, kind, digest) => {
    let key: Jwk;
    let api: RemoteKeyApi;
    beforeAll(async () => {
      key = await generateJwk(kind, { kid: 'k1', alg });
      api = await startRemoteKeyApi(() => [publicJwk(key)]);
    });
    const raw = (input: Buffer) => sign(digest, input, { ...signer(key), dsaEncoding: 'ieee-p1363' });
    const expectRefused = (signature: (input: Buffer) => Buffer) =>
      expectInvalidToken(api, tokenWith(api, { alg }, signature), 'token.signature-invalid');

    it('accepts the fixed-length form', async () => {
      await expectAccepted(api, tokenWith(api, { alg }, raw));
    });

    it('[rfc7518-3.4-ecdsa-length] refuses the DER form of a valid signature', async () => {
      await expectRefused((input) => sign(digest, input, { ...signer(key), dsaEncoding: 'der' }));
    });

    it('[rfc7518-3.4-ecdsa-length] refuses a signature that is a byte shorter', async () => {
      await expectRefused((input) => raw(input).subarray(0, -1));
    });

    it('[rfc7518-3.4-ecdsa-length] refuses a signature that is a byte longer', async () => {
      await expectRefused((input) => Buffer.concat([raw(input), Buffer.alloc(1)]));
    });
  });

  it.each([
    ['ES384', 'P-384', 64],
    ['ES512', 'P-521', 128],
  ] as const)(
    '[rfc7518-3.4-ecdsa-length] refuses an %s signature by %s of %i bytes',
    async (alg, kind, length) => {
      const key = await generateJwk(kind, { kid: 'k1', alg });
      const api = await startRemoteKeyApi(() => [publicJwk(key)]);
      const token = tokenWith(api, { alg }, () => Buffer.alloc(length, 1));
      await expectInvalidToken(api, token, 'token.signature-invalid');
    },
  );

  it.each([
    ['ES256', 'P-384'],
    ['ES256', 'secp256k1'],
    ['ES384', 'P-256'],
  ] as const)('[rfc7518-3.4-curve] refuses %s with a %s key', async (alg, kind) => {
    const key = await generateJwk(kind, { kid: 'k1' });
    const api = await startRemoteKeyApi(() => [publicJwk(key), publicJwk({ ...key, alg })]);
    await expectInvalidToken(api, api.tokenBy({ ...key, alg }), 'token.key-unknown');
  });

  // The order of P-256 (SEC 2, section 2.4.2).
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  const orderPlusOne = Buffer.from(order.map((byte, at) => (at === 31 ? byte + 1 : byte)));
  const zero = Buffer.alloc(32);
  const one = Buffer.from(zero.map((_, at) => (at === 31 ? 1 : 0)));

  it.each([
    ['r and s are zero', zero, zero],
    ['r is zero', zero, one],
    ['s is zero', one, zero],
    ['r is the order', order, one],
    ['s is the order', one, order],
    ['r and s are the order', order, order],
    ['r and s are the order and one', orderPlusOne, orderPlusOne],
  ])('[rfc7518-3.4-ecdsa-zero] refuses an ES256 signature whose %s', async (_what, r, s) => {
    const api = await startRemoteKeyApi();
    const token = tokenWith(api, {}, () => Buffer.concat([r, s]));
    await expectInvalidToken(api, token, 'token.signature-invalid');
  });

  it.each([
    ['r', 0],
    ['s', 32],
  ])(
    '[rfc7518-3.4-ecdsa-zero] refuses a valid ES256 signature whose %s is replaced by the order',
    async (_what, at) => {
      const api = await startRemoteKeyApi();
      const token = tokenWith(api, {}, (input) => {
        const signature = sign('sha256', input, { ...signer(api.key), dsaEncoding: 'ieee-p1363' });
        order.copy(signature, at);
        return signature;
      });
      await expectInvalidToken(api, token, 'token.signature-invalid');
    },
  );
});

describe('RFC 7518, RSASSA-PSS', () => {
  let key: Jwk;
  let api: RemoteKeyApi;
  beforeAll(async () => {
    key = await generateJwk('RSA 2048', { kid: 'k1', alg: 'PS256' });
    api = await startRemoteKeyApi(() => [publicJwk(key)]);
  });

  it('accepts the same encoding with a salt as long as the hash and the same hash for the mask', async () => {
    await expectAccepted(
      api,
      tokenWith(api, { alg: 'PS256' }, (input) => signPss(key, input)),
    );
  });

  it.each([
    ['a salt of 20 bytes', { saltBytes: 20 }],
    ['no salt', { saltBytes: 0 }],
    ['the longest salt', { saltBytes: longestSaltFor(2048) }],
    ['SHA-1 for the mask', { maskHash: 'sha1' }],
  ] as const)('[rfc7518-3.5-pss] refuses a PS256 signature with %s', async (_what, variation) => {
    const token = tokenWith(api, { alg: 'PS256' }, (input) => signPss(key, input, variation));
    await expectInvalidToken(api, token, 'token.signature-invalid');
  });
});

describe('RFC 7518, EC coordinates', () => {
  it('[rfc7518-6.2.1-ec-coordinates] skips a P-256 key whose x has lost its leading zero', async () => {
    let key = await generateJwk('P-256', { kid: 'k1', alg: 'ES256' });
    const x = () => Buffer.from(key['x'] as string, 'base64url');
    while (x()[0] !== 0) key = await generateJwk('P-256', { kid: 'k1', alg: 'ES256' });
    const api = await startRemoteKeyApi(() => [
      { ...publicJwk(key), x: x().subarray(1).toString('base64url') },
    ]);
    await expectInvalidToken(api, api.tokenBy(key), 'token.key-unknown');
    api.server.serve('/jwks', { keys: [publicJwk(key)] });
    api.clock.advanceSeconds(300);
    await expectAccepted(api, api.tokenBy(key));
  });

  const zeros = Buffer.alloc(32).toString('base64url');
  it.each([
    ['without y', { y: undefined }],
    ['that is the point at infinity, as zeros', { x: zeros, y: zeros }],
    ['that is the point at infinity, as nothing', { x: '', y: '' }],
    ['off the curve', { y: Buffer.alloc(32, 1).toString('base64url') }],
    ['with coordinates of 33 bytes', { x: `AA${'A'.repeat(42)}` }],
  ])('[rfc7518-6.2.1-ec-coordinates] skips a P-256 key %s', async (_what, members) => {
    const api = await startRemoteKeyApi((key) => [{ ...publicJwk(key), ...members }]);
    await expectInvalidToken(api, api.builder.accessToken(), 'token.key-unknown');
    expect(api.eventsOf('fetched')[0]).toMatchObject({ keys: 0 });
  });
});

describe('RFC 8037 and RFC 9864', () => {
  let ed25519: Jwk;
  beforeAll(async () => {
    ed25519 = await generateJwk('Ed25519', { kid: 'k1' });
  });
  const bytes = (length: number) => Buffer.alloc(length, 9).toString('base64url');

  it.each([
    ['crv X25519', { kty: 'OKP', crv: 'X25519', x: bytes(32) }],
    ['kty EC and crv Ed25519', { kty: 'EC', crv: 'Ed25519', x: bytes(32), y: bytes(32) }],
    ['kty EC', { kty: 'EC', crv: 'P-256', x: bytes(32), y: bytes(32) }],
    ['an x of 31 bytes', { kty: 'OKP', crv: 'Ed25519', x: bytes(31) }],
  ])('[rfc8037-3.1-eddsa-key] refuses EdDSA with a key of %s', async (_what, jwk) => {
    const api = await startRemoteKeyApi(() => [{ ...jwk, kid: 'k1' }]);
    await expectInvalidToken(api, api.tokenBy({ ...ed25519, alg: 'EdDSA' }), 'token.key-unknown');
  });

  it('[rfc8037-3.1-eddsa-key] refuses EdDSA with a real X25519 key', async () => {
    const agreement = await generateJwk('X25519', { kid: 'k1' });
    const api = await startRemoteKeyApi(() => [publicJwk(agreement)]);
    await expectInvalidToken(api, api.tokenBy({ ...ed25519, alg: 'EdDSA' }), 'token.key-unknown');
  });

  it('[rfc8037-3.1-eddsa-key] accepts EdDSA with crv Ed25519', async () => {
    const api = await startRemoteKeyApi(() => [publicJwk(ed25519)]);
    await expectAccepted(api, api.tokenBy({ ...ed25519, alg: 'EdDSA' }));
  });

  it('[rfc9864-2.2-fully-specified] accepts Ed25519 with an Ed25519 key', async () => {
    const api = await startRemoteKeyApi(() => [publicJwk(ed25519)]);
    await expectAccepted(api, api.tokenBy({ ...ed25519, alg: 'Ed25519' }));
  });

  it.each([{}, { alg: 'Ed25519' }])(
    '[rfc9864-2.2-fully-specified] refuses Ed25519 with an Ed448 key (%j)',
    async (members) => {
      const ed448 = await generateJwk('Ed448', { kid: 'k1' });
      const api = await startRemoteKeyApi(() => [{ ...publicJwk(ed448), ...members }]);
      await expectInvalidToken(api, api.tokenBy({ ...ed448, alg: 'Ed25519' }), 'token.key-unknown');
    },
  );

  it.each([
    ['Ed25519', 'EdDSA'],
    ['EdDSA', 'Ed25519'],
  ] as const)(
    '[rfc9864-2.2-fully-specified] refuses, where only %s is allowed, a token with %s',
    async (allowed, alg) => {
      const api = await startRemoteKeyApi(() => [publicJwk(ed25519)], { algorithms: [allowed] });
      await expectInvalidToken(api, api.tokenBy({ ...ed25519, alg }), 'token.algorithm-refused');
      await expectAccepted(api, api.tokenBy({ ...ed25519, alg: allowed }));
    },
  );

  it.each([
    ['EdDSA', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
  ] as const)(
    '[rfc9864-2.2-fully-specified] refuses, with a JWK whose alg is %s, a token with %s',
    async (named, alg) => {
      const api = await startRemoteKeyApi(() => [publicJwk({ ...ed25519, alg: named })]);
      await expectInvalidToken(api, api.tokenBy({ ...ed25519, alg }), 'token.key-unknown');
      await expectAccepted(api, api.tokenBy({ ...ed25519, alg: named }));
    },
  );
});

describe('RFC 8725, one algorithm for each key', () => {
  let rsa: Jwk;
  beforeAll(async () => {
    rsa = await generateJwk('RSA 2048', { kid: 'k1' });
  });

  it.each(['RS384', 'PS256'] as const)(
    '[rfc8725-3.1-one-alg-per-key] refuses %s by a key that the configuration binds to RS256',
    async (alg) => {
      const api = await startRemoteKeyApi(() => [publicJwk(rsa)], { algorithms: ['RS256'] });
      await expectInvalidToken(api, api.tokenBy({ ...rsa, alg }), 'token.algorithm-refused');
      await expectAccepted(api, api.tokenBy({ ...rsa, alg: 'RS256' }));
    },
  );

  it.each(['RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const)(
    '[rfc8725-3.1-one-alg-per-key] refuses %s by an RSA key without alg, which serves RS256 by default',
    async (alg) => {
      const api = await startRemoteKeyApi(() => [publicJwk(rsa)]);
      await expectInvalidToken(api, api.tokenBy({ ...rsa, alg }), 'token.key-unknown');
      await expectAccepted(api, api.tokenBy({ ...rsa, alg: 'RS256' }));
    },
  );

  it('[rfc8725-3.1-one-alg-per-key] gives a key without alg the first algorithm of the list that fits it', async () => {
    const api = await startRemoteKeyApi(() => [publicJwk(rsa)], { algorithms: ['ES256', 'PS256', 'RS256'] });
    await expectAccepted(api, api.tokenBy({ ...rsa, alg: 'PS256' }));
    await expectInvalidToken(api, api.tokenBy({ ...rsa, alg: 'RS256' }), 'token.key-unknown');
  });
});

describe('every algorithm with every key', () => {
  const kinds = {
    'RSA 1024': [],
    'RSA 2048': ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
    'P-256': ['ES256'],
    'P-384': ['ES384'],
    'P-521': ['ES512'],
    secp256k1: [],
    Ed25519: ['EdDSA', 'Ed25519'],
    Ed448: [],
    X25519: [],
  } as const satisfies Partial<Record<KeyKind, readonly Algorithm[]>>;
  const classical = knownAlgorithms.filter((alg) => !alg.startsWith('ML-'));
  const uses = [undefined, 'sig', 'enc'];
  const operations = [undefined, ['verify'], ['encrypt']];

  describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s', (kind) => {
    let key: Jwk;
    let verdictOn: (alg: Algorithm, kid: string) => Promise<string>;

    beforeAll(async () => {
      key = await generateJwk(kind);
      const stranger = await generateJwk('Ed25519');
      const entries = classical.flatMap((alg) =>
        uses.flatMap((use) =>
          operations.map((ops) => ({ ...publicJwk(key), alg, use, key_ops: ops, kid: kidOf(alg, use, ops) })),
        ),
      );
      // A set that holds an encryption key wants `use` on every key: that is another row, so sets are kept apart.
      const sets = [entries.filter(({ use }) => use === 'enc'), entries.filter(({ use }) => use !== 'enc')];
      const builder = await baselineBuilder(fixedClock(nowSeconds));
      const verifiers = sets.map((keys) =>
        createAccessTokenVerifier({
          issuer: builder.issuer,
          audience: builder.audience,
          clock: fixedClock(nowSeconds),
          keys: { jwksUri: 'https://as.example/jwks' },
          fetch: () => Promise.resolve(Response.json({ keys })),
        }),
      );
      verdictOn = async (alg, kid) => {
        const at = sets.findIndex((list) => list.some((entry) => entry.kid === kid));
        const signs = kind === 'X25519' ? stranger : key;
        const token = compactJws({
          header: { ...builder.header(), alg, kid },
          payload: builder.claims(),
          key: signs,
          alg: signableAlg(signs, alg),
        });
        return (verifiers[at] as Verifier).verify(token).then(
          () => 'accepted',
          (error: unknown) => (isAssayError(error) ? error.code : 'not an AssayError'),
        );
      };
    });

    it.each(classical)(
      '[attack-04-alg-not-tied-to-key] verifies %s only if it is an exact pair',
      async (alg) => {
        const verdicts: Record<string, string> = {};
        const expected: Record<string, string> = {};
        for (const use of uses) {
          for (const ops of operations) {
            const kid = kidOf(alg, use, ops);
            const exact = (kinds[kind] as readonly Algorithm[]).includes(alg);
            const allowed = use !== 'enc' && ops?.[0] !== 'encrypt';
            verdicts[kid] = await verdictOn(alg, kid);
            expected[kid] = exact && allowed ? 'accepted' : 'token.key-unknown';
          }
        }
        expect(verdicts).toEqual(expected);
      },
    );
  });

  const kidOf = (alg: Algorithm, use?: string, ops?: readonly string[]) =>
    `${alg} use ${use ?? '-'} key_ops ${ops?.[0] ?? '-'}`;

  /** The algorithm by which a key can really sign, where the header's is for another kind of key. */
  function signableAlg(key: Jwk, alg: Algorithm): Algorithm {
    if (key.kty === 'RSA') return /^(RS|PS)/.test(alg) && key['n'] !== undefined ? rsaAlg(key, alg) : 'RS256';
    if (key.kty === 'EC') return alg.startsWith('ES') ? alg : 'ES256';
    return 'EdDSA';
  }

  // A 1024-bit key has no room for the longest PSS salts.
  function rsaAlg(key: Jwk, alg: Algorithm): Algorithm {
    return (key['n'] as string).length < 200 && alg === 'PS512' ? 'PS256' : alg;
  }
});

const mlDsa = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const;
const hasMlDsa = knownAlgorithms.includes('ML-DSA-44');

if (hasMlDsa) {
  describe('ML-DSA, where the runtime has it', () => {
    it.each(mlDsa)('verifies %s tokens, and refuses a changed signature', async (alg) => {
      const key = await generateSigningJwk(alg);
      const api = await startRemoteKeyApi(() => [publicJwk(key)]);
      await expectAccepted(api, api.tokenBy(key));
      const token = api.tokenBy(key);
      const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
      signature[7] = (signature[7] ?? 0) ^ 1;
      const changed = `${token.slice(0, token.lastIndexOf('.'))}.${signature.toString('base64url')}`;
      await expectInvalidToken(api, changed, 'token.signature-invalid');
    });

    it.each([
      ['ML-DSA-44', 'ML-DSA-65'],
      ['ML-DSA-87', 'ML-DSA-65'],
    ] as const)('refuses a token of %s under a key of %s', async (alg, keyAlg) => {
      const [signing, published] = [await generateSigningJwk(alg), await generateSigningJwk(keyAlg)];
      const api = await startRemoteKeyApi(() => [{ ...publicJwk(published), kid: 'k1' }]);
      await expectInvalidToken(api, api.tokenBy({ ...signing, kid: 'k1' }), 'token.key-unknown');
    });

    it.each([
      ['without alg', { alg: undefined }],
      ['with the alg of another size', { alg: 'ML-DSA-65' }],
      ['with a shorter pub', { pub: Buffer.alloc(1311).toString('base64url') }],
      ['with use enc', { use: 'enc' }],
    ])('skips an AKP key %s', async (_what, members) => {
      const key = await generateSigningJwk('ML-DSA-44');
      const api = await startRemoteKeyApi(() => [{ ...publicJwk(key), ...members }]);
      await expectInvalidToken(api, api.tokenBy(key), 'token.key-unknown');
    });
  });
} else {
  describe('ML-DSA, where the runtime does not have it', () => {
    it.each(mlDsa)('does not know %s', async (alg) => {
      expect(knownAlgorithms).not.toContain(alg);
      expect(() =>
        createAccessTokenVerifier({
          issuer: 'https://as.example',
          audience: 'https://api.example',
          algorithms: [alg],
        }),
      ).toThrow(SetupError);
      const api = await startRemoteKeyApi((key) => [
        { kty: 'AKP', alg, kid: 'pq', pub: 'AAAA' },
        publicJwk(key),
      ]);
      await expectAccepted(api, api.builder.accessToken());
      await expectInvalidToken(
        api,
        api.builder.accessToken({}, { header: { alg, kid: 'pq' } }),
        'token.algorithm-refused',
      );
    });
  });
}
