import { createHmac, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  isAssayError,
  jwkThumbprint,
  knownAlgorithms,
  type Algorithm,
  type FailureCode,
  type Jwk,
} from '@assay/core';
import { compactJws, createProofBuilder, publicJwk, type ProofVariation } from '@assay/testing';
import {
  dpopLines,
  expectChallenges,
  expectProofRefused,
  expectProven,
  origin,
  provenBy,
  startDpopApi,
  type DpopApi,
} from '../support/dpop-api.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis, nowSeconds, startProtectedApi } from '../support/protected-api.js';

describe('RFC 9449 section 4.3, what a proof is', () => {
  let api: DpopApi;
  beforeAll(async () => {
    api = await startDpopApi();
  });
  afterAll(closeProtectedApis);
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const url = `${origin}/orders`;

  it('accepts a bound token with a proof for it', async () => {
    await expectProven(api, () => api.prove());
  });

  describe('check 1, one header', () => {
    const another = (token: string) => api.proofs.proof({ url, accessToken: token });

    it.each<[string, (token: string, proof: string) => readonly string[]]>([
      ['two lines with the same proof', (_token, proof) => [proof, proof]],
      ['two lines with different proofs', (token, proof) => [proof, another(token)]],
      ['two lines of which the second is empty', (_token, proof) => [proof, '']],
      ['two lines of which the first is empty', (_token, proof) => ['', proof]],
      ['one line with two proofs', (token, proof) => [`${proof}, ${another(token)}`]],
      ['one line with a proof and a comma', (_token, proof) => [`${proof},`]],
    ])(
      '[rfc9449-4.3-1-single-header] [attack-27-dpop-replay-order-downgrade] refuses %s',
      async (_what, headers) => {
        const token = api.boundToken();
        const proof = api.proofs.proof({ url, accessToken: token });
        await expectProofRefused(
          api,
          () => api.send({ lines: dpopLines(`DPoP ${token}`, ...headers(token, proof)) }),
          'proof.repeated',
        );
        // None of them was used up.
        await expectProven(api, () => api.prove({ token, proof }));
      },
    );
  });

  describe('check 2, one well-formed JWT', () => {
    const json = (proof: string) => {
      const [header, payload, signature] = proof.split('.');
      return JSON.stringify({ payload, protected: header, signature });
    };
    const jwe = (proof: string) => {
      const header = { alg: 'dir', enc: 'A256GCM', typ: 'dpop+jwt', cty: 'JWT' };
      const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
      return `${encoded}..AAAAAAAAAAAAAAAA.${Buffer.from(proof).toString('base64url')}.AAAAAAAAAAAAAAAAAAAAAA`;
    };

    it.each<[string, (proof: string) => string, FailureCode]>([
      ['nothing', () => '', 'proof.malformed'],
      ['abc', () => 'abc', 'proof.malformed'],
      ['three words', () => 'a.b.c', 'proof.malformed'],
      ['a JWE', jwe, 'proof.malformed'],
      // Between the members of the JSON stands a comma.
      ['a JSON-serialised JWS', json, 'proof.repeated'],
      ['a JSON-serialised JWS without a comma', () => '{"payload":"e30"}', 'proof.malformed'],
      ['a proof without a signature', (proof) => proof.slice(0, proof.lastIndexOf('.')), 'proof.malformed'],
      ['a proof with padding', (proof) => `${proof}==`, 'proof.malformed'],
      ['a proof in quotes', (proof) => `"${proof}"`, 'proof.malformed'],
      ['a proof with a fourth part', (proof) => `${proof}.`, 'proof.malformed'],
      ['a proof with a blank in it', (proof) => proof.replace('.', '. '), 'proof.malformed'],
    ])('[rfc9449-4.3-2-well-formed] refuses %s', async (_what, change, code) => {
      const token = api.boundToken();
      const proof = change(api.proofs.proof({ url, accessToken: token }));
      await expectProofRefused(api, () => api.prove({ token, proof }), code);
    });

    it.each<[string, Readonly<Record<string, unknown>>]>([
      ['a critical extension', { crit: ['x'], x: 1 }],
      ['an unencoded payload', { b64: false, crit: ['b64'] }],
      ['a nested JWT', { cty: 'JWT' }],
      ['a kid that is no text', { kid: 5 }],
    ])('[rfc9449-4.3-2-well-formed] refuses a proof that announces %s', async (_what, header) => {
      await expectProofRefused(api, () => api.prove({ variation: { header } }), 'proof.malformed');
    });

    it('[rfc9449-4.3-2-well-formed] refuses a proof in which a claim stands twice', async () => {
      const token = api.boundToken();
      const valid = api.proofs.proof({ url, accessToken: token }).split('.')[1] ?? '';
      const payload = Buffer.from(valid, 'base64url').toString().replace('{', '{"htm":"POST",');
      const { key } = api.proofs;
      const proof = compactJws({
        header: { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk(key) },
        payload,
        key,
      });
      await expectProofRefused(api, () => api.prove({ token, proof }), 'proof.malformed');
    });
  });

  describe('sizes', () => {
    /** What the resource server says before any HTTP server has an opinion of the size. */
    const refusalOf = async (token: string, proof: string): Promise<FailureCode> => {
      const headers = { authorization: [`DPoP ${token}`], dpop: [proof] };
      const view = { method: 'GET', url: '/orders', headers };
      const error: unknown = await api.resourceServer.authenticate(view).catch((caught: unknown) => caught);
      if (!isAssayError(error)) throw new Error('the request was not refused', { cause: error });
      expect(api.resourceServer.challenge(error)).toMatchObject({
        status: 401,
        body: { error: 'invalid_dpop_proof' },
      });
      return error.code;
    };

    it.each<[string, ProofVariation]>([
      ['a proof of 64 kB', { claims: { padding: 'x'.repeat(48_000) } }],
      ['a jti of 100 kB', { claims: { jti: 'x'.repeat(100_000) } }],
      ['a header segment of 8 kB', { header: { padding: 'x'.repeat(6000) } }],
    ])(
      '[design-input-limits] [rfc9449-4.3-2-well-formed] refuses %s before any of it is decoded',
      async (_what, variation) => {
        const token = api.boundToken();
        const proof = api.proofs.proof({ url, accessToken: token }, variation);
        const decoded: string[] = [];
        const from = Buffer.from.bind(Buffer) as (...given: readonly unknown[]) => Buffer;
        jest.spyOn(Buffer, 'from').mockImplementation(((...given: readonly unknown[]) => {
          if (given[1] === 'base64url') decoded.push(String(given[0]));
          return from(...given);
        }) as typeof Buffer.from);
        expect(await refusalOf(token, proof)).toBe('proof.malformed');
        // Nothing but the token was decoded.
        expect(decoded.length).toBeGreaterThan(0);
        for (const segment of decoded) expect(token).toContain(segment);
      },
    );

    it('[rfc9449-4.3-2-well-formed] accepts a proof of 16 KiB on a request view, and refuses a longer one', async () => {
      const ofLength = (length: number) => {
        const token = api.boundToken();
        for (let padding = 11_000; padding < 12_200; padding++) {
          const claims = { padding: 'x'.repeat(padding) };
          const proof = api.proofs.proof({ url, accessToken: token }, { claims });
          if (proof.length >= length) return { token, proof };
        }
        throw new Error('no proof of that length');
      };
      const { token, proof } = ofLength(16 * 1024 - 4);
      expect(proof.length).toBeLessThanOrEqual(16 * 1024);
      const headers = { authorization: [`DPoP ${token}`], dpop: [proof] };
      await expect(
        api.resourceServer.authenticate({ method: 'GET', url: '/orders', headers }),
      ).resolves.toMatchObject({ subject: 'user-1' });
      const longer = ofLength(16 * 1024 + 1);
      expect(await refusalOf(longer.token, longer.proof)).toBe('proof.malformed');
    });

    it('[design-input-limits] accepts a header segment of 6 KiB, and refuses a longer one', async () => {
      const padded = (length: number) =>
        api.prove({ variation: { header: { padding: 'x'.repeat(length) } } });
      const shortest = JSON.stringify({
        typ: 'dpop+jwt',
        alg: 'ES256',
        jwk: publicJwk({ ...api.proofs.key, kid: undefined, alg: undefined }),
        padding: '',
      }).length;
      await expectProven(api, () => padded(4608 - shortest));
      await expectProofRefused(api, () => padded(4609 - shortest), 'proof.malformed');
    });
  });

  describe('check 3, every required part', () => {
    it.each<[string, ProofVariation, FailureCode]>([
      ['without jwk', { header: { jwk: undefined } }, 'proof.key-refused'],
      ['without jti', { claims: { jti: undefined } }, 'proof.claim-invalid'],
      ['without htm', { claims: { htm: undefined } }, 'proof.claim-invalid'],
      ['without htu', { claims: { htu: undefined } }, 'proof.claim-invalid'],
      ['without iat', { claims: { iat: undefined } }, 'proof.claim-invalid'],
      ['without ath', { claims: { ath: undefined } }, 'proof.claim-invalid'],
      ['with jti 5', { claims: { jti: 5 } }, 'proof.claim-invalid'],
      ['with an empty jti', { claims: { jti: '' } }, 'proof.claim-invalid'],
      ['with jti null', { claims: { jti: null } }, 'proof.claim-invalid'],
      ['with htm 1', { claims: { htm: 1 } }, 'proof.claim-invalid'],
      ['with htm ["GET"]', { claims: { htm: ['GET'] } }, 'proof.claim-invalid'],
      ['with htu []', { claims: { htu: [] } }, 'proof.claim-invalid'],
      ['with htu in a list', { claims: { htu: [url] } }, 'proof.claim-invalid'],
      ['with iat "1"', { claims: { iat: '1' } }, 'proof.claim-invalid'],
      ['with iat as a text', { claims: { iat: String(nowSeconds) } }, 'proof.claim-invalid'],
      ['with iat null', { claims: { iat: null } }, 'proof.claim-invalid'],
      ['with ath null', { claims: { ath: null } }, 'proof.claim-invalid'],
      ['with a jwk that is a text', { header: { jwk: 'x' } }, 'proof.key-refused'],
      ['with a jwk that is a list', { header: { jwk: [] } }, 'proof.key-refused'],
      ['with a jwk that is null', { header: { jwk: null } }, 'proof.key-refused'],
      ['with an empty jwk', { header: { jwk: {} } }, 'proof.key-refused'],
      ['with kid instead of jwk', { header: { jwk: undefined, kid: 'k1' } }, 'proof.key-refused'],
      [
        'with a jku instead of jwk',
        { header: { jwk: undefined, jku: `${origin}/jwks` } },
        'proof.key-refused',
      ],
    ])('[rfc9449-4.3-3-required-parts] refuses a proof %s', async (_what, variation, code) => {
      await expectProofRefused(api, () => api.prove({ variation }), code);
    });
  });

  describe('check 4, the type', () => {
    it.each<[string, unknown]>([
      ['JWT', 'JWT'],
      ['at+jwt', 'at+jwt'],
      ['nothing', undefined],
      ['dpop', 'dpop'],
      ['a list', ['dpop+jwt']],
      ['dpop+jwt with a blank', 'dpop+jwt '],
    ])('[rfc9449-4.3-4-typ] refuses a proof typed %s', async (_what, typ) => {
      await expectProofRefused(
        api,
        () => api.prove({ variation: { header: { typ } } }),
        'proof.type-mismatch',
      );
    });

    it.each(['dpop+jwt', 'application/dpop+jwt', 'DPOP+JWT'])(
      '[rfc9449-4.3-4-typ] accepts a proof typed %s',
      async (typ) => {
        await expectProven(api, () => api.prove({ variation: { header: { typ } } }));
      },
    );
  });

  describe('check 5, the algorithm', () => {
    it.each<[string, Readonly<Record<string, unknown>>, FailureCode]>([
      ['none', { alg: 'none' }, 'proof.algorithm-refused'],
      ['HS256', { alg: 'HS256' }, 'proof.algorithm-refused'],
      ['es256', { alg: 'es256' }, 'proof.algorithm-refused'],
      ['ES256K', { alg: 'ES256K' }, 'proof.algorithm-refused'],
      ['nothing', { alg: undefined }, 'proof.malformed'],
      // One that is accepted, but not with this key.
      ['ES384', { alg: 'ES384' }, 'proof.key-refused'],
      ['RS256', { alg: 'RS256' }, 'proof.key-refused'],
    ])('[rfc9449-4.3-5-alg] refuses a proof whose alg is %s', async (_what, header, code) => {
      await expectProofRefused(api, () => api.prove({ variation: { header } }), code);
    });

    it('[rfc9449-4.3-5-alg] refuses a proof with alg none and no signature', async () => {
      const token = api.boundToken();
      const signed = api.proofs.proof({ url, accessToken: token }, { header: { alg: 'none' } });
      const proof = signed.slice(0, signed.lastIndexOf('.') + 1);
      await expectProofRefused(api, () => api.prove({ token, proof }), 'proof.algorithm-refused');
    });

    it('[rfc9449-4.3-5-alg] [attack-27-dpop-replay-order-downgrade] refuses a MAC by the secret in its own header', async () => {
      const k = randomBytes(32).toString('base64url');
      const token = api.boundToken();
      const signed = api.proofs.proof(
        { url, accessToken: token },
        { header: { alg: 'HS256', jwk: { kty: 'oct', k } } },
      );
      const input = signed.slice(0, signed.lastIndexOf('.'));
      const mac = createHmac('sha256', Buffer.from(k, 'base64url')).update(input).digest('base64url');
      await expectProofRefused(
        api,
        () => api.prove({ token, proof: `${input}.${mac}` }),
        'proof.algorithm-refused',
      );
    });

    it('[rfc9449-4.3-5-alg] refuses RS256 with a key of 1024 bits', async () => {
      await expectRefusedKey(await generateJwk('RSA 1024', { alg: 'RS256' }), 'proof.key-refused');
    });

    it('[rfc9449-4.3-5-alg] refuses ES256K, which is not configured, with a fitting key', async () => {
      const key = await generateJwk('secp256k1');
      await expectRefusedKey({ ...key, alg: 'ES256' }, 'proof.key-refused');
      await expectRefusedKey({ ...key, alg: 'ES256K' }, 'proof.algorithm-refused');
    });

    /** A token that is bound to exactly this key, with a proof by it. */
    async function expectRefusedKey(key: Jwk, code: FailureCode): Promise<void> {
      const jkt = jwkThumbprint(publicJwk(key)) ?? api.proofs.thumbprint;
      const token = api.boundToken({ cnf: { jkt } });
      const { alg, ...members } = publicJwk(key);
      const header = { alg, jwk: members };
      await expectProofRefused(
        api,
        () => api.prove({ token, variation: { header, key, alg: 'ES256' === alg ? 'ES256' : 'RS256' } }),
        code,
      );
    }

    it.each(knownAlgorithms)('[rfc9449-4.3-5-alg] accepts a proof made with %s', async (alg) => {
      const proofs = await createProofBuilder({ alg, clock: api.clock });
      const other = provenBy(api, proofs);
      await expectProven(other, () => other.prove());
    });

    describe('where only some are accepted', () => {
      const accepted: readonly Algorithm[] = ['ES384', 'EdDSA'];
      let narrow: DpopApi;
      beforeAll(async () => {
        narrow = await startDpopApi({ settings: { dpop: { algorithms: accepted } } });
      });

      it('[rfc9449-4.3-5-alg] refuses another, and lists those', async () => {
        const answer = await narrow.prove();
        expectChallenges(
          answer,
          'proof.algorithm-refused',
          { bearer: undefined, dpop: 'proof.algorithm-refused' },
          accepted,
        );
      });

      it.each(accepted)('[rfc9449-4.3-5-alg] accepts %s', async (alg) => {
        const other = provenBy(narrow, await createProofBuilder({ alg, clock: narrow.clock }));
        await expectProven(other, () => other.prove());
      });
    });
  });

  describe('check 6, the signature', () => {
    it('[rfc9449-4.3-6-signature] refuses a proof signed by another key than its jwk', async () => {
      const { key } = await createProofBuilder();
      await expectProofRefused(api, () => api.prove({ variation: { key } }), 'proof.signature-invalid');
    });

    it('[rfc9449-4.3-6-signature] refuses a proof whose payload was altered', async () => {
      const token = api.boundToken();
      const [header = '', payload = '', signature = ''] = api.proofs
        .proof({ url, accessToken: token })
        .split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
      const altered = Buffer.from(JSON.stringify({ ...claims, jti: 'another' })).toString('base64url');
      const proof = `${header}.${altered}.${signature}`;
      await expectProofRefused(api, () => api.prove({ token, proof }), 'proof.signature-invalid');
    });

    it('[rfc9449-4.3-6-signature] refuses a proof whose jwk was altered', async () => {
      const other = await createProofBuilder();
      const token = api.boundToken();
      const [header = '', payload = '', signature = ''] = api.proofs
        .proof({ url, accessToken: token })
        .split('.');
      const parameters = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
      const altered = Buffer.from(JSON.stringify({ ...parameters, jwk: publicJwk(other.key) })).toString(
        'base64url',
      );
      const proof = `${altered}.${payload}.${signature}`;
      await expectProofRefused(api, () => api.prove({ token, proof }), 'proof.signature-invalid');
    });

    it('[rfc9449-4.3-6-signature] refuses a signature that is empty, of another length, or of zeros', async () => {
      const token = api.boundToken();
      const whole = api.proofs.proof({ url, accessToken: token });
      const end = whole.lastIndexOf('.');
      const [input, signature] = [whole.slice(0, end), Buffer.from(whole.slice(end + 1), 'base64url')];
      for (const bytes of [Buffer.alloc(0), signature.subarray(0, 63), Buffer.alloc(64)]) {
        const proof = `${input}.${bytes.toString('base64url')}`;
        await expectProofRefused(api, () => api.prove({ token, proof }), 'proof.signature-invalid');
      }
    });
  });

  describe('check 7, a public key alone', () => {
    it.each<[string, (key: Jwk) => Jwk]>([
      ['its own d', (key) => key],
      ['a d that is not its own', (key) => ({ ...publicJwk(key), d: 'AA' })],
      ['a d that is null', (key) => ({ ...publicJwk(key), d: null })],
      ['k', (key) => ({ ...publicJwk(key), k: 'AA' })],
      ['priv', (key) => ({ ...publicJwk(key), priv: 'AA' })],
    ])(
      '[rfc9449-4.3-7-private-key] [attack-27-dpop-replay-order-downgrade] refuses a jwk with %s',
      async (_what, change) => {
        const jwk = change(api.proofs.key);
        const answer = await expectProofRefused(
          api,
          () => api.prove({ variation: { header: { jwk } } }),
          'proof.key-refused',
        );
        expect(answer.text).not.toContain(api.proofs.key['d']);
      },
    );

    it.each([
      ['p and q but no d', ['p', 'q']],
      ['d alone', ['d']],
      ['every private member', ['d', 'p', 'q', 'dp', 'dq', 'qi']],
    ])('[rfc9449-4.3-7-private-key] refuses an RSA jwk with %s', async (_what, members) => {
      const key = await generateJwk('RSA 2048', { alg: 'RS256' });
      const kept = Object.fromEntries(members.map((name) => [name, key[name]]));
      const token = api.boundToken({ cnf: { jkt: jwkThumbprint(key) } });
      const header = { alg: 'RS256', jwk: { ...publicJwk(key), ...kept } };
      await expectProofRefused(
        api,
        () => api.prove({ token, variation: { header, key } }),
        'proof.key-refused',
      );
      const { alg, jwk } = { ...header, jwk: publicJwk(key) };
      await expectProven(api, () => api.prove({ token, variation: { header: { alg, jwk }, key } }));
    });

    it('[rfc9449-4.3-7-private-key] refuses kty oct', async () => {
      const jwk = { kty: 'oct', k: randomBytes(32).toString('base64url') };
      await expectProofRefused(api, () => api.prove({ variation: { header: { jwk } } }), 'proof.key-refused');
    });

    it('[rfc9449-4.3-7-private-key] keeps the private value out of errors and logs', async () => {
      const written: string[] = [];
      for (const stream of [process.stdout, process.stderr]) {
        jest.spyOn(stream, 'write').mockImplementation((text: string | Uint8Array) => {
          written.push(String(text));
          return true;
        });
      }
      const secret = api.proofs.key['d'] as string;
      const errors: unknown[] = [];
      const told = await startProtectedApi({
        builder: api.builder,
        clock: api.clock,
        onFailure: 'next',
        routes: (app) => {
          app.use((error: unknown, _request: unknown, response: { end(): void }, _next: unknown) => {
            errors.push(error);
            response.end();
          });
        },
      });
      const { status } = await provenBy(told, api.proofs).prove({
        variation: { header: { jwk: api.proofs.key } },
      });
      jest.restoreAllMocks();
      expect(status).toBe(401);
      expect(errors).toHaveLength(1);
      const [error] = errors as [Error];
      const shown = [
        ...written,
        inspect(error, { depth: null, showHidden: true }),
        JSON.stringify(error),
        error.stack,
      ];
      expect(shown.join('\n')).toContain('proof.key-refused');
      expect(shown.join('\n')).not.toContain(secret);
    });
  });

  describe('keys that say more of themselves', () => {
    it.each<[string, Readonly<Record<string, unknown>>, boolean]>([
      ['a kid, an alg and a use that fit', { kid: 'k', alg: 'ES256', use: 'sig', key_ops: ['verify'] }, true],
      ['a use for encryption', { use: 'enc' }, false],
      ['operations without verify', { key_ops: ['encrypt'] }, false],
      ['the alg of another', { alg: 'ES384' }, false],
    ])('judges a jwk with %s', async (_what, members, isGood) => {
      const { key } = api.proofs;
      const plain = publicJwk({ kty: key.kty, crv: key['crv'], x: key['x'], y: key['y'] });
      const proved = () => api.prove({ variation: { header: { jwk: { ...plain, ...members } } } });
      // The key alone was imported before: what is said of it counts all the same.
      await expectProven(api, () => api.prove());
      if (isGood) await expectProven(api, proved);
      else await expectProofRefused(api, proved, 'proof.key-refused');
    });
  });
});
