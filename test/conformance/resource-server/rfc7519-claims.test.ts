import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FailureCode } from '@assay/core';
import { compactJws } from '@assay/testing';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';

describe('RFC 7519, claims', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });
  afterAll(closeProtectedApis);

  const signed = (payload: string) =>
    compactJws({ header: api.builder.header(), payload, key: api.builder.key });

  it.each(['https://AS.example', 'https://as.example/', 'https://as.example:443', 'https://as.example%2F'])(
    '[rfc7519-2-stringoruri-compare] does not take %s for https://as.example',
    async (iss) => {
      await expectInvalidToken(api, api.builder.accessToken({ iss }), 'token.issuer-unknown');
    },
  );

  it.each<[string, Record<string, unknown>, FailureCode]>([
    ['sub that is a number', { sub: 42 }, 'token.claim-invalid'],
    ['sub that is an object', { sub: {} }, 'token.claim-invalid'],
    ['iss that is a list with the right issuer', { iss: ['https://as.example'] }, 'token.issuer-unknown'],
    ['jti that is a number', { jti: 7 }, 'token.claim-invalid'],
  ])('[rfc7519-4.1-string-claims] refuses %s', async (_what, claims, code) => {
    await expectInvalidToken(api, api.builder.accessToken(claims), code);
  });

  describe('a member that stands twice', () => {
    const repeating = (json: string) =>
      signed(JSON.stringify(api.builder.claims()).replace('{', `{${json},`));

    it.each([
      ['as it is', '"aud":"https://evil.example"'],
      ['spelt with an escape', '"\\u0061ud":"https://evil.example"'],
      ['within cnf', '"cnf":{"jkt":"a","jkt":"b"}'],
      ['within cnf, spelt with an escape', '"cnf":{"jkt":"a","\\u006akt":"b"}'],
      ['with the same value', '"aud":"https://api.example"'],
    ])('[rfc7519-4-dup-claims] is refused %s', async (_how, json) => {
      await expectInvalidToken(api, repeating(json), 'token.duplicate-member');
    });
  });

  describe('what the profile does not know', () => {
    const unknown = '"x-vendor":{"a":[1]},"__proto__":{"admin":true}';
    const token = () =>
      compactJws({
        header: { ...api.builder.header(), 'x-trace': { a: 1 } },
        payload: JSON.stringify(api.builder.claims()).replace('{', `{${unknown},`),
        key: api.builder.key,
      });

    it('[rfc7519-4-unknown-claims] is ignored', async () => {
      await expectAccepted(api, token());
    });

    it('[rfc7519-4-unknown-claims] stays available as data, and changes no prototype', async () => {
      const { claims, header } = await api.verifier.verify(token());
      const principal = await api.resourceServer.authenticate({
        method: 'GET',
        url: '/',
        headers: { authorization: [`Bearer ${token()}`] },
      });
      for (const set of [claims, principal.claims]) {
        expect(set['x-vendor']).toEqual({ a: [1] });
        expect(Object.getOwnPropertyDescriptor(set, '__proto__')?.value).toEqual({ admin: true });
        expect(Object.getPrototypeOf(set)).toBe(Object.prototype);
        expect(set['admin']).toBeUndefined();
      }
      expect(header['x-trace']).toEqual({ a: 1 });
      expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
      expect((principal as unknown as Record<string, unknown>)['admin']).toBeUndefined();
    });
  });

  it.each([
    ['one string', 'https://api.example'],
    ['a list that names this API among others', ['https://other.example', 'https://api.example']],
  ])('[rfc7519-4.1.3-aud-forms] accepts aud as %s', async (_form, aud) => {
    await expectAccepted(api, api.builder.accessToken({ aud }));
  });

  it.each([
    ['longer by a domain', 'https://api.example.evil.example'],
    ['longer by a slash', 'https://api.example/'],
    ['an empty list', []],
    ['a list of an empty string', ['']],
    ['a list in a list', [['https://api.example']]],
    ['an object like a list', { 0: 'https://api.example' }],
    ['a list with a number', ['https://api.example', 5]],
  ])('[rfc7519-4.1.3-aud-mismatch] refuses aud that is %s', async (_form, aud) => {
    await expectInvalidToken(api, api.builder.accessToken({ aud }), 'token.audience-mismatch');
  });
});
