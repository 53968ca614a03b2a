import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { fixedClock, publicJwk } from '@assay/testing';
import {
  clientAuthenticationFrom,
  type ClientAuthenticationFunction,
  type ClientAuthenticationOption,
} from '../../src/introspection/client-authentication.js';
import { SetupError } from '../../src/setup-error.js';
import { generateSigningJwk } from '../../src/signing/generate-signing-jwk.js';
import { nowSeconds } from '../support/evidence.js';
import { thrownBy } from '../support/refusal.js';
import { expectSetupError } from '../support/setup-problem.js';

const clock = fixedClock(nowSeconds);
const context = { endpoint: 'https://as.example/introspect', issuer: 'https://as.example', clock };
const from = (option: unknown) =>
  clientAuthenticationFrom(option as ClientAuthenticationOption, 'clientAuthentication', context);

const decoded = (jwt: string) =>
  jwt
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);

describe('clientAuthenticationFrom, with a key', () => {
  it('signs an assertion for the issuer alone, anew for each request', async () => {
    const key = await generateSigningJwk('ES256');
    const authentication = from({ clientId: 'api', key });
    await authentication.ready();
    expect(authentication.clientId).toBe('api');
    const { headers, parameters = {} } = await authentication.credentials();
    expect(headers).toBeUndefined();
    expect(Object.keys(parameters).sort()).toEqual([
      'client_assertion',
      'client_assertion_type',
      'client_id',
    ]);
    const { client_assertion: assertion = '' } = parameters;
    const [header, claims] = decoded(assertion);
    expect(header).toEqual({ alg: 'ES256', kid: key['kid'], typ: 'client-authentication+jwt' });
    expect(claims).toEqual({
      iss: 'api',
      sub: 'api',
      aud: 'https://as.example',
      jti: expect.stringMatching(/^[\w-]{36}$/),
      iat: nowSeconds,
      exp: nowSeconds + 60,
    });
    const signed = assertion.lastIndexOf('.');
    const publicKey = createPublicKey({ key: { ...publicJwk(key) }, format: 'jwk' });
    expect(
      verify(
        'sha256',
        Buffer.from(assertion.slice(0, signed)),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(assertion.slice(signed + 1), 'base64url'),
      ),
    ).toBe(true);

    const { parameters: next = {} } = await authentication.credentials();
    expect(decoded(next['client_assertion'] ?? '')[1]?.['jti']).not.toBe(claims?.['jti']);
  });

  it('uses the algorithm that is registered for the client', async () => {
    const key = await generateSigningJwk('RS256');
    const { parameters = {} } = await from({ clientId: 'api', key, alg: 'PS256' }).credentials();
    expect(decoded(parameters['client_assertion'] ?? '')[0]).toMatchObject({ alg: 'PS256' });
  });

  it('signs by a key that is elsewhere', async () => {
    const sign = jest.fn(() => Promise.resolve(new Uint8Array([1, 2, 3])));
    const { parameters = {} } = await from({
      clientId: 'api',
      key: { alg: 'ES256', kid: 'hsm-1', sign },
    }).credentials();
    expect(parameters['client_assertion']).toMatch(/\.AQID$/);
    expect(sign).toHaveBeenCalledTimes(1);
  });

  it.each([
    [undefined, '', 'it is not said who asks'],
    ['client_secret', '', 'it is not said who asks'],
    [[], '', 'it is not said who asks'],
    [{ clientId: '', key: 'x' }, '.clientId', 'it is not a string with something in it'],
    [{ clientId: 7, key: 'x' }, '.clientId', 'it is not a string with something in it'],
    [{ clientId: 'api' }, '.key', 'there is no private key to sign with'],
    [{ clientId: 'api', key: '' }, '.key', 'there is no private key to sign with'],
    [{ clientId: 'api', key: null }, '.key', 'there is no private key to sign with'],
    [{ clientId: 'api', key: { kty: 'oct', k: 'AAAA' } }, '.key', 'there is no private key to sign with'],
    [{ clientId: 'api', key: 'pem', alg: 'HS256' }, '.alg', 'it is not a supported asymmetric algorithm'],
    [{ clientId: 'api', key: 'pem', secret: 's' }, '.secret', 'there is no such option'],
    [{ clientId: 'api', clientSecret: 's' }, '.clientSecret', 'there is no such option'],
  ])('does not take %j', async (option, where, problem) => {
    await expectSetupError(() => from(option), {
      option: `clientAuthentication${where}`,
      problem,
      remedy: '',
    });
  });

  it.each([
    ['a text that is no key', 'not a key'],
    [
      'a public key',
      generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }).publicKey,
    ],
  ])('tells of %s when it is ready, and at every use, without ending the process', async (_what, key) => {
    const authentication = from({ clientId: 'api', key });
    for (const use of [authentication.ready, authentication.credentials]) {
      const error = await thrownBy(use);
      expect(error).toBeInstanceOf(SetupError);
      expect((error as SetupError).option).toBe('clientAuthentication.key');
      expect((error as SetupError).message).not.toContain(key);
    }
  });
});

describe('clientAuthenticationFrom, with a function', () => {
  it('adds what the function returns, and asks it for each request', async () => {
    const authenticate = jest.fn<ClientAuthenticationFunction>(() =>
      Promise.resolve({ headers: { authorization: 'Basic YTpi' }, parameters: { client_id: 'api' } }),
    );
    const authentication = from(authenticate);
    await authentication.ready();
    expect(authentication.clientId).toBeUndefined();
    expect(authenticate).not.toHaveBeenCalled();
    await expect(authentication.credentials()).resolves.toEqual({
      headers: { authorization: 'Basic YTpi' },
      parameters: { client_id: 'api' },
    });
    await authentication.credentials();
    expect(authenticate).toHaveBeenCalledTimes(2);
    expect(authenticate).toHaveBeenCalledWith({
      endpoint: 'https://as.example/introspect',
      issuer: 'https://as.example',
    });
  });

  it('may add nothing, where the connection itself authenticates', async () => {
    await expect(from(() => ({})).credentials()).resolves.toEqual({ headers: {}, parameters: {} });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'Basic c2VjcmV0'],
    ['a header that is no text', { headers: { authorization: 7 } }],
    ['headers in a list', { headers: [['authorization', 'c2VjcmV0']] }],
    ['another token', { parameters: { token: 'c2VjcmV0' } }],
    ['another hint', { parameters: { token_type_hint: 'refresh_token' } }],
    ['another media type', { headers: { 'Content-Type': 'application/json' } }],
    ['another Accept', { headers: { accept: 'application/json' } }],
    ['a cookie', { headers: { Cookie: 'c2VjcmV0' } }],
  ])('does not take %s from the function, and does not repeat it', async (_what, answer) => {
    const error = await thrownBy(from(() => answer as never).credentials);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toContain('clientAuthentication did not return');
    expect((error as Error).message).not.toContain('c2VjcmV0');
  });
});
