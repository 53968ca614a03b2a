import { createPublicKey } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Claims, IntrospectionOptions, Jwk } from '@assay/core';
import { publicJwk } from '@assay/testing';
import { CompactEncrypt } from 'jose';
import { generateJwk } from '../support/generate-jwk.js';
import {
  clientId,
  closeIntrospectingApis,
  expectOutage,
  expectRefused,
  startIntrospectingApi,
  type IntrospectingApi,
} from '../support/introspecting-api.js';
import { closeIntrospectionEndpoints, type Signing } from '../support/introspection-endpoint.js';
import { nowSeconds } from '../support/protected-api.js';

afterAll(async () => {
  await closeIntrospectingApis();
  await closeIntrospectionEndpoints();
});

let rsa: Jwk;
let ec: Jwk;
let decryption: Jwk;
beforeAll(async () => {
  rsa = await generateJwk('RSA 2048', { kid: 'rsa', alg: 'RS256' });
  ec = await generateJwk('P-256', { kid: 'ec', alg: 'ES256' });
  decryption = await generateJwk('RSA 2048');
});

const sendOpaque = (api: IntrospectingApi) => () => api.sendToken('opaque');
const claimsOf = (said: Claims): Claims => ({
  iss: 'https://as.example',
  aud: clientId,
  iat: nowSeconds,
  token_introspection: said,
});

/** Starts an API whose answers are signed, as they should be but for what is given. */
async function startSigned(
  jwt: Extract<NonNullable<IntrospectionOptions['response']>, object>['jwt'] = {},
  signing: Partial<Signing> = {},
): Promise<IntrospectingApi> {
  const keys = { keys: [publicJwk(rsa), publicJwk(ec)] };
  const api = await startIntrospectingApi({ introspection: { response: { jwt: { keys, ...jwt } } } });
  api.issue('opaque');
  api.endpoint.sign({ key: rsa, claims: claimsOf, ...signing });
  return api;
}

describe('a signed answer', () => {
  it('[rfc9701-5-typ] is asked for by its media type, by an authenticated client', async () => {
    const api = await startSigned();
    expect((await api.sendToken('opaque')).status).toBe(200);
    expect(api.endpoint.questions).toHaveLength(1);
    const [question] = api.endpoint.questions;
    expect(question?.headers.accept).toBe('application/token-introspection+jwt');
    expect(question?.form.get('client_assertion')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it.each(['application/token-introspection+jwt; charset=utf-8', 'APPLICATION/TOKEN-INTROSPECTION+JWT'])(
    '[rfc9701-5-typ] is accepted as %s',
    async (contentType) => {
      const api = await startSigned({}, { contentType });
      expect((await api.sendToken('opaque')).status).toBe(200);
    },
  );

  it('[rfc9701-5-typ] is not to be had in plain JSON: there is no fall-back', async () => {
    const api = await startSigned();
    const plain: RequestListener = (_request, response) => {
      const body = JSON.stringify({ active: true, ...api.builder.claims() });
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    };
    api.endpoint.behave(plain);
    await expectOutage(api, sendOpaque(api));
    expect(api.endpoint.questions).toHaveLength(1);
    expect(api.endpoint.questions[0]?.headers.accept).toBe('application/token-introspection+jwt');
  });

  it.each(['application/json', 'application/jwt', 'text/plain', 'application/token-introspection+jwt+x'])(
    '[rfc9701-5-typ] is refused as %s',
    async (contentType) => {
      const api = await startSigned({}, { contentType });
      await expectOutage(api, sendOpaque(api));
    },
  );

  it.each(['JWT', 'at+jwt', undefined, 'token-introspection', 7])(
    '[rfc9701-5-typ] is refused with the typ %p',
    async (typ) => {
      const api = await startSigned({}, { header: { typ } });
      await expectOutage(api, sendOpaque(api));
    },
  );

  it.each([
    ['iss of another server', { iss: 'https://other.example' }],
    ['no iss', { iss: undefined }],
    ['aud of another resource server', { aud: 'billing-api' }],
    ['no aud', { aud: undefined }],
    ['no iat', { iat: undefined }],
    ['an iat of a minute and a second ago', { iat: nowSeconds - 61 }],
    ['an iat in the future', { iat: nowSeconds + 1 }],
    ['an iat that is a text', { iat: String(nowSeconds) }],
    ['an exp that has passed', { exp: nowSeconds }],
    ['no token_introspection', { token_introspection: undefined }],
    ['a list for token_introspection', { token_introspection: [{ active: true }] }],
    ['a text for token_introspection', { token_introspection: 'active' }],
  ])('[rfc9701-5-required-claims] is refused with %s', async (_what, changes) => {
    const api = await startSigned({}, { claims: (said) => ({ ...claimsOf(said), ...changes }) });
    await expectOutage(api, sendOpaque(api));
  });

  it.each([
    ['aud that is the client identifier', { aud: clientId }],
    ['aud that is the audience of the API', { aud: 'https://api.example' }],
    ['aud of several, this one among them', { aud: ['billing-api', clientId] }],
    ['an iat of a minute ago', { iat: nowSeconds - 60 }],
  ])('[rfc9701-5-required-claims] is accepted with %s', async (_what, changes) => {
    const api = await startSigned({}, { claims: (said) => ({ ...claimsOf(said), ...changes }) });
    expect((await api.sendToken('opaque')).status).toBe(200);
  });

  it('[rfc9701-5-required-claims] is accepted for the names that are configured, and for no other', async () => {
    const claims = (said: Claims) => ({ ...claimsOf(said), aud: 'https://api.example' });
    const own = await startSigned({ audience: 'https://api.example' }, { claims });
    expect((await own.sendToken('opaque')).status).toBe(200);
    const other = await startSigned({ audience: 'api' }, { claims });
    await expectOutage(other, sendOpaque(other));
  });

  it('[rfc9701-5-inner-object] says nothing of the token outside token_introspection', async () => {
    const outer = { active: true, sub: 'user-1', scope: 'orders:write', exp: nowSeconds + 300 };
    const claims = (said: Claims) => ({ ...claimsOf(said), ...outer });
    const api = await startSigned({}, { claims });
    api.issue('opaque', { active: false });
    await expectRefused(api, sendOpaque(api), 'token.inactive');

    api.issue('opaque', { sub: 'user-2' });
    const answer = await api.sendToken('opaque');
    expect(JSON.parse(answer.body)).toMatchObject({ subject: 'user-2', scopes: [] });
    expect((await api.sendToken('opaque', '/orders/write')).status).toBe(403);
  });

  it('judges what it says of the token by every rule', async () => {
    const api = await startSigned();
    api.issue('opaque', { aud: 'https://other.example' });
    await expectRefused(api, sendOpaque(api), 'token.audience-mismatch');
    api.issue('opaque', { exp: nowSeconds });
    await expectRefused(api, sendOpaque(api), 'token.expired');
  });

  it('is refused with a signature by a key that is not the issuer’s', async () => {
    const stranger = await generateJwk('RSA 2048', { kid: 'rsa', alg: 'RS256' });
    const api = await startSigned({}, { key: stranger });
    await expectOutage(api, sendOpaque(api));
  });
});

describe('the algorithm of a signed answer', () => {
  const unsigned = (jws: string) => {
    const [, payload = ''] = jws.split('.');
    const header = { alg: 'none', typ: 'token-introspection+jwt' };
    return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.`;
  };

  it('[rfc9701-6-alg] is RS256 where none is registered', async () => {
    const api = await startSigned({}, { key: rsa });
    expect((await api.sendToken('opaque')).status).toBe(200);
  });

  it.each<[string, () => Partial<Signing>]>([
    ['ES256', () => ({ key: ec })],
    ['PS256', () => ({ key: { ...rsa, alg: 'PS256' } })],
    ['none', () => ({ wrap: unsigned })],
  ])('[rfc9701-6-alg] is not %s where none is registered', async (_alg, signing) => {
    const api = await startSigned({}, signing());
    await expectOutage(api, sendOpaque(api));
  });

  it('[rfc9701-6-alg] is the registered one, and no other', async () => {
    const api = await startSigned({ algorithms: ['ES256'] }, { key: ec });
    expect((await api.sendToken('opaque')).status).toBe(200);
    for (const signing of [{ key: rsa }, { key: ec, wrap: unsigned }]) {
      api.endpoint.sign({ claims: claimsOf, ...signing });
      await expectOutage(api, sendOpaque(api));
    }
  });

  it('is verified with the keys of the issuer where none are configured for answers', async () => {
    const introspection = { response: { jwt: { algorithms: ['ES256'] as const } } };
    const api = await startIntrospectingApi({ introspection });
    api.issue('opaque');
    api.endpoint.sign({ key: api.builder.key, claims: claimsOf });
    expect((await api.sendToken('opaque')).status).toBe(200);
    api.endpoint.sign({ key: ec, claims: claimsOf });
    await expectOutage(api, sendOpaque(api));
  });
});

describe('an encrypted answer', () => {
  const encrypted =
    (header: Record<string, unknown> = {}) =>
    (content: string) =>
      new CompactEncrypt(Buffer.from(content))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', ...header })
        .encrypt(createPublicKey({ key: { ...publicJwk(decryption) }, format: 'jwk' }));
  const agreed = () => ({
    decryptionKeys: [{ key: decryption, alg: 'RSA-OAEP-256' as const, enc: 'A256GCM' as const }],
  });
  let api: IntrospectingApi;
  const answering = (wrap: Signing['wrap']) => {
    api.endpoint.sign({ key: rsa, claims: claimsOf, ...(wrap === undefined ? {} : { wrap }) });
  };
  beforeEach(async () => {
    api = await startSigned(agreed());
  });

  it('[rfc9701-5-nested] is accepted around a signed one', async () => {
    answering(encrypted());
    expect((await api.sendToken('opaque')).status).toBe(200);
  });

  it.each(['JWT', 'json', undefined])(
    '[rfc9701-5-nested] is refused around bare JSON claims (cty %p)',
    async (cty) => {
      const bare = JSON.stringify(claimsOf({ active: true, ...api.builder.claims() }));
      answering(() => encrypted({ cty })(bare));
      await expectOutage(api, sendOpaque(api));
    },
  );

  it('[rfc9701-5-nested] is refused where it is signed alone, though encryption was agreed', async () => {
    answering(undefined);
    await expectOutage(api, sendOpaque(api));
  });

  it('[rfc9701-5-nested] is refused where nobody has agreed on encryption', async () => {
    api = await startSigned();
    answering(encrypted());
    await expectOutage(api, sendOpaque(api));
  });
});
