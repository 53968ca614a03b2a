import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AssayError } from '@assay/core';
import { compactJws } from '@assay/testing';
import { compactJwe } from '../support/compact-jwe.js';
import { startEncryptedApi, type EncryptedApi } from '../support/encrypted-api.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis } from '../support/protected-api.js';

describe('nested tokens', () => {
  let api: EncryptedApi;
  beforeAll(async () => {
    api = await startEncryptedApi();
  });
  afterAll(closeProtectedApis);

  const inner = (...changes: Parameters<EncryptedApi['builder']['accessToken']>) =>
    api.builder.accessToken(...changes);

  describe('the content type', () => {
    it.each(['JWT', 'jwt', 'application/jwt'])(
      '[rfc7519-5.2-cty-nested] accepts an envelope with cty %j around a signed token',
      async (cty) => {
        await expectAccepted(api, await api.encrypt(inner(), { header: { cty } }));
      },
    );

    it.each([[undefined], ['at+jwt'], ['JWS'], [''], [null], [1], [['JWT']], ['JWT '], ['text/jwt']])(
      '[rfc7519-5.2-cty-nested] refuses an envelope with cty %j around a signed token',
      async (cty) => {
        const token = compactJwe({
          header: { ...api.header('direct'), cty },
          plaintext: inner(),
          contentKey: api.bytesOf('direct'),
          enc: 'A256GCM',
        });
        await expectInvalidToken(api, token, 'token.decryption-failed');
      },
    );

    it.each(['JWT', 'jwt'])(
      '[rfc7519-5.2-cty-nested] refuses a signed token with cty %j around another signed token',
      async (cty) => {
        const header = { ...api.builder.header(), cty };
        const token = compactJws({ header, payload: inner(), key: api.builder.key });
        await expectInvalidToken(api, token, 'token.malformed');
      },
    );

    it('[rfc7519-5.2-cty-nested] refuses a signed token that says it is around another, and is not', async () => {
      await expectInvalidToken(api, inner({}, { header: { cty: 'JWT' } }), 'token.malformed');
      await expectAccepted(api, inner({}, { header: { cty: 'json' } }));
    });

    it('[rfc7519-5.2-cty-nested] refuses an envelope around a signed token around another', async () => {
      const header = { ...api.builder.header(), cty: 'JWT' };
      const signed = compactJws({ header, payload: inner(), key: api.builder.key });
      await expectInvalidToken(api, await api.encrypt(signed), 'token.decryption-failed');
    });

    it('[rfc7519-5.2-cty-nested] refuses an envelope in an envelope', async () => {
      const twice = await api.encrypt(await api.encrypt(inner()), { name: 'direct' });
      await expectInvalidToken(api, twice, 'token.decryption-failed');
    });
  });

  describe('the inner signature', () => {
    const broken = () => {
      const token = inner();
      const at = token.lastIndexOf('.') + 1;
      const signature = Buffer.from(token.slice(at), 'base64url');
      signature[0] = (signature[0] ?? 0) ^ 1;
      return token.slice(0, at) + signature.toString('base64url');
    };
    const unsigned = (signature: string) => {
      const [header = '', payload = ''] = compactJws({
        header: { ...api.builder.header(), alg: 'none' },
        payload: api.builder.claims(),
        key: api.builder.key,
      }).split('.');
      return `${header}.${payload}.${signature}`;
    };

    it.each([
      ['a broken signature', () => broken(), 'token.signature-invalid'],
      ['alg none and no signature', () => unsigned(''), 'token.algorithm-refused'],
      ['alg none and a signature', () => unsigned('AA'), 'token.algorithm-refused'],
      ['an unknown kid', () => inner({}, { header: { kid: 'k9' } }), 'token.key-unknown'],
    ] as const)('[rfc8725-3.3-inner-signature] is verified: %s', async (_what, make, cause) => {
      const token = await api.encrypt(make());
      await expectInvalidToken(api, token, 'token.decryption-failed');
      await expect(api.verifier.verify(token)).rejects.toMatchObject({ cause: { code: cause } });
    });

    it('[rfc8725-3.3-inner-signature] is verified: a key that is not the issuer’s', async () => {
      const other = await generateJwk('P-256', { alg: 'ES256', kid: 'k1' });
      const token = await api.encrypt(inner({}, { key: other }));
      await expectInvalidToken(api, token, 'token.decryption-failed');
      await expect(api.verifier.verify(token)).rejects.toMatchObject({
        cause: { code: 'token.signature-invalid' },
      });
    });

    it('[rfc8725-3.3-inner-signature] lets a good one pass', async () => {
      await expectAccepted(api, await api.encrypt(inner()));
    });

    it('is followed by every rule of the profile: an expired token is expired inside an envelope too', async () => {
      const { nowSeconds } = api.clock;
      await expectInvalidToken(api, await api.encrypt(inner({ exp: nowSeconds() })), 'token.expired');
      await expectAccepted(api, await api.encrypt(inner({ exp: nowSeconds() + 1 })));
    });
  });

  describe('decryption alone', () => {
    it.each([
      ['with cty JWT', 'JWT'],
      ['without cty', undefined],
    ])(
      '[rfc8725bis-3.3-jwe-is-not-signature] does not vouch for a bare claims set, %s',
      async (_how, cty) => {
        const token = await api.encrypt(JSON.stringify(api.builder.claims()), {
          header: { cty, typ: 'at+jwt' },
        });
        await expectInvalidToken(api, token, 'token.decryption-failed');
      },
    );

    it('[rfc8725bis-3.3-jwe-is-not-signature] lets the same claims pass once they are signed', async () => {
      await expectAccepted(api, await api.encrypt(inner()));
      await expectAccepted(api, inner());
    });
  });

  describe('the explicit type', () => {
    it('[rfc8725bis-3.11-nested-typ] does not count on the envelope', async () => {
      const token = await api.encrypt(inner({}, { header: { typ: undefined } }), {
        header: { typ: 'at+jwt' },
      });
      await expectInvalidToken(api, token, 'token.type-mismatch');
    });

    it('[rfc8725bis-3.11-nested-typ] counts on the inner token', async () => {
      await expectAccepted(api, await api.encrypt(inner(), { header: { typ: undefined } }));
    });
  });

  describe('claims that the envelope repeats', () => {
    it.each([
      ['iss', 'https://other.example'],
      ['iss', ''],
      ['iss', null],
      ['sub', 'user-2'],
      ['sub', 'USER-1'],
      ['aud', 'https://other.example'],
      ['aud', ['https://api.example']],
      ['aud', ['https://api.example', 'https://other.example']],
    ])('[rfc7519-5.3-replicated-claims] have to be those inside: %s %j', async (claim, value) => {
      await expectInvalidToken(
        api,
        await api.encrypt(inner(), { header: { [claim]: value } }),
        'token.replica-mismatch',
      );
    });

    it('[rfc7519-5.3-replicated-claims] cannot stand in for one that is missing inside', async () => {
      const token = await api.encrypt(inner({ sub: undefined }), { header: { sub: 'user-1' } });
      await expectInvalidToken(api, token, 'token.replica-mismatch');
    });

    it('[rfc7519-5.3-replicated-claims] may agree, and only those inside are used', async () => {
      const { iss, aud, sub } = api.builder.claims();
      const accepted = await expectAccepted(api, await api.encrypt(inner(), { header: { iss, aud, sub } }));
      expect(accepted.claims).toMatchObject({ iss, aud, sub });
      expect(accepted.header).toEqual(api.builder.header());
      const lists = { aud: [api.builder.audience, 'https://other.example'] };
      await expectAccepted(api, await api.encrypt(inner(lists), { header: lists }));
    });
  });

  describe('encryption that was agreed', () => {
    let required: EncryptedApi;
    beforeAll(async () => {
      required = await startEncryptedApi({ requireEncryption: true });
    });

    it('[rfc9068-4-encryption-negotiated] refuses a valid token that is only signed', async () => {
      await expectInvalidToken(required, required.builder.accessToken(), 'token.encryption-missing');
    });

    it('[rfc9068-4-encryption-negotiated] accepts a valid nested token', async () => {
      await expectAccepted(required, await required.encrypt(required.builder.accessToken()));
    });

    it('[rfc9068-4-encryption-negotiated] accepts both where it was not agreed', async () => {
      await expectAccepted(api, inner());
      await expectAccepted(api, await api.encrypt(inner()));
    });

    it('appraises a token that is only signed as one that lacks its envelope', async () => {
      const { lines } = await required.verifier.appraise(required.builder.accessToken());
      expect(lines[0]).toMatchObject({ verdict: 'rejected', code: 'token.encryption-missing' });
      expect(new Set(lines.slice(1).map(({ verdict }) => verdict))).toEqual(new Set(['not reached']));
    });
  });

  it('blames itself, not the token, where the keys that would judge an inner token cannot be had', async () => {
    const down = await startEncryptedApi({
      keys: { find: () => Promise.reject(new Error('down')), ready: () => Promise.resolve() },
    });
    const token = await down.encrypt(down.builder.accessToken());
    const error: unknown = await down.verifier.verify(token).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AssayError);
    expect(error).toMatchObject({ code: 'service.keys-unavailable' });
    expect((await down.sendToken(token)).status).toBe(503);
  });
});
