import { describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import { jwtBearerGrantType, maximumFormBytes } from '@assay/core/authorization-server';
import {
  assertion,
  formRequest,
  issuer,
  otherKey,
  refusedGrant,
  resource,
  tokenEndpoint,
  type Form,
  type RequestChanges,
} from './support/token-endpoint.js';

const formType = 'application/x-www-form-urlencoded';
const grantForm = () => ({ grant_type: jwtBearerGrantType, assertion: assertion() });
const invalidRequest = (code: string, status = 400) => ({ status, body: { error: 'invalid_request' }, code });

describe('a token request', () => {
  it.each(['GET', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'post'])(
    '[rfc6749-3.2-post-only] is refused as %s, whatever the query holds',
    async (method) => {
      const url = `/token?${new URLSearchParams(grantForm()).toString()}`;
      const answer = await tokenEndpoint().post('', { method, url });
      expect(answer).toMatchObject(invalidRequest('request.method-not-allowed', 405));
      expect(answer.headers['Allow']).toBe('POST');
    },
  );

  it.each([
    ['application/json', ['application/json']],
    ['text/plain', ['text/plain']],
    ['multipart/form-data', ['multipart/form-data; boundary=x']],
    ['none', undefined],
    ['two', [formType, formType]],
    ['a longer one', [`${formType}x`]],
    ['another charset', [`${formType}; charset=iso-8859-1`]],
  ])('[rfc6749-3.2-content-type] is refused with content type %s', async (_form, type) => {
    const answer = await tokenEndpoint().post(grantForm(), { headers: { 'content-type': type } });
    expect(answer).toMatchObject(invalidRequest('request.media-type-unsupported'));
  });

  it.each([
    formType,
    `${formType}; charset=UTF-8`,
    `${formType};charset="utf-8"`,
    'Application/X-WWW-Form-Urlencoded',
  ])('[rfc6749-3.2-content-type] is accepted as %s', async (type) => {
    const answer = await tokenEndpoint().post(grantForm(), { headers: { 'content-type': [type] } });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['client_id', 'client_id=a&client_id=a'],
    ['grant_type', `grant_type=${jwtBearerGrantType}`],
    ['code', 'code=a&code=b'],
    ['scope', 'scope=a&scope=b'],
    ['scope, once empty', 'scope=&scope=orders:read'],
    ['scope, once with its name encoded', 'scope=orders:read&%73cope=orders:read'],
    ['an unknown parameter', 'foo=1&foo=1'],
    ['an unknown parameter in brackets', 'foo[]=1&foo[]=2'],
  ])('[rfc6749-3.2-repeated-parameter] is refused with a repeated %s', async (_name, more) => {
    const form = `${new URLSearchParams(grantForm()).toString()}&${more}`;
    expect(await tokenEndpoint().post(form)).toMatchObject(invalidRequest('request.parameter-repeated'));
  });

  it.each([
    ['resource', `resource=${resource}&resource=${resource}`],
    ['audience', 'audience=a&audience=b'],
  ])('[rfc6749-3.2-repeated-parameter] may repeat %s', async (_name, more) => {
    const form = `${new URLSearchParams(grantForm()).toString()}&${more}`;
    expect((await tokenEndpoint().post(form)).status).toBe(200);
  });

  it('counts empty parameters as absent and ignores unknown ones', async () => {
    const answer = await tokenEndpoint().post({
      ...grantForm(),
      scope: '',
      resource: '',
      client_secret: '',
      foo: 'bar',
    });
    expect(answer).toMatchObject({ status: 200, body: { scope: 'orders:read orders:write' } });
  });

  it.each([
    ['absent', {}, 'invalid_request', 'request.parameter-missing'],
    ['empty', { grant_type: '' }, 'invalid_request', 'request.parameter-missing'],
    ['foo', { grant_type: 'foo' }, 'unsupported_grant_type', 'grant.type-unsupported'],
    ['password', { grant_type: 'password' }, 'unsupported_grant_type', 'grant.type-unsupported'],
    ['__proto__', { grant_type: '__proto__' }, 'unsupported_grant_type', 'grant.type-unsupported'],
    [
      'almost the right one',
      { grant_type: `${jwtBearerGrantType} ` },
      'unsupported_grant_type',
      'grant.type-unsupported',
    ],
  ])('is refused when the grant type is %s', async (_form, form, error, code) => {
    expect(await tokenEndpoint().post({ assertion: assertion(), ...form })).toMatchObject({
      status: 400,
      body: { error },
      code,
    });
  });

  it.each(['client_id=a&client_secret=s', 'client_assertion=a.b.c', 'client_secret=s', 'assertion=a.b.c'])(
    '[rfc6749-2.3.1-no-credentials-in-uri] is refused with %s in the URI',
    async (query) => {
      const answer = await tokenEndpoint().post(grantForm(), { url: `/token?${query}` });
      expect(answer).toMatchObject(invalidRequest('request.credentials-in-uri'));
      expect(JSON.stringify(answer)).not.toContain(query);
    },
  );

  it('may have another query', async () => {
    expect((await tokenEndpoint().post(grantForm(), { url: '/token?tenant=1' })).status).toBe(200);
  });

  it.each([
    [maximumFormBytes, 200, undefined],
    [maximumFormBytes + 1, 400, 'request.body-too-large'],
  ])('of %d bytes is answered %d', async (size, status, code) => {
    const start = `${new URLSearchParams(grantForm()).toString()}&foo=`;
    const form = start.padEnd(size, 'x');
    expect(await tokenEndpoint().post(form)).toMatchObject({ status, code });
  });

  it('is refused when its bytes are not UTF-8', async () => {
    const { server } = tokenEndpoint();
    const readBody = () => Promise.resolve(Buffer.from([0x66, 0x3d, 0xff]));
    await expect(server.judgeTokenRequest(formRequest('', { readBody }))).rejects.toMatchObject({
      code: 'request.body-malformed',
    });
  });

  it.each([
    ['the method is wrong', { method: 'GET' }],
    ['the media type is wrong', { headers: { 'content-type': ['application/json'] } }],
  ])('is not read when %s', async (_form, changes) => {
    const { server } = tokenEndpoint();
    let reads = 0;
    const readBody = () => Promise.resolve(Buffer.alloc(reads++));
    await expect(server.judgeTokenRequest(formRequest('', { ...changes, readBody }))).rejects.toMatchObject({
      name: 'AssayError',
    });
    expect(reads).toBe(0);
  });

  describe('with several faults is refused for the first of', () => {
    const bad = { grant_type: jwtBearerGrantType, assertion: 'bad', client_secret: 's', scope: 'unknown' };
    const text = (form: Readonly<Record<string, string>>) => new URLSearchParams({ ...form }).toString();
    const json = { headers: { 'content-type': ['application/json'], authorization: ['Basic x'] } };
    const cases: readonly [string, Form, RequestChanges, string][] = [
      ['method', `${text(bad)}&scope=`, { ...json, method: 'GET' }, 'request.method-not-allowed'],
      ['media type', `${text(bad)}&scope=`, json, 'request.media-type-unsupported'],
      ['repeated parameters', `${text(bad)}&scope=`, {}, 'request.parameter-repeated'],
      ['client', { ...bad, grant_type: 'foo' }, {}, 'client.credentials-refused'],
      ['grant type', { ...bad, client_secret: '', grant_type: 'foo' }, {}, 'grant.type-unsupported'],
      ['grant', { ...bad, client_secret: '' }, {}, 'token.malformed'],
      ['scope', { ...bad, client_secret: '', assertion: assertion() }, {}, 'grant.scope-refused'],
    ];

    it.each(cases)('%s', async (_step, form, changes, code) => {
      expect((await tokenEndpoint().post(form, changes)).code).toBe(code);
    });
  });

  it('that is forged and replayed at once is told nothing about the replay', async () => {
    const endpoint = tokenEndpoint();
    await endpoint.grant(assertion({ jti: 'one' }));
    expect(await endpoint.grant(assertion({ jti: 'one' }, { key: otherKey }))).toEqual(
      refusedGrant('token.signature-invalid'),
    );
  });
});

describe('the answer to a token request', () => {
  it('[rfc6749-5.1-json-shape] is a flat object of the right types', async () => {
    const { status, body } = await tokenEndpoint().post(grantForm());
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 60,
      scope: 'orders:read orders:write',
    });
  });

  it.each([
    ['equal', 'orders:read orders:write', undefined],
    ['equal in another order', 'orders:write orders:read', undefined],
    ['equal with one repeated', 'orders:read orders:write orders:read', undefined],
    ['narrower, as asked', 'orders:read', undefined],
    ['not asked for', '', 'orders:read orders:write'],
  ])(
    '[rfc6749-5.1-json-shape] names the scope unless it is what was asked for: %s',
    async (_form, scope, told) => {
      const { body } = await tokenEndpoint().post({ ...grantForm(), scope });
      expect(body['scope']).toBe(told);
    },
  );

  it('[rfc6749-5.1-json-shape] names the scope where the application grants less than was asked for', async () => {
    const form = { ...grantForm(), scope: 'orders:read orders:write' };
    const { body } = await tokenEndpoint().post(form, { issuance: { scope: ['orders:read'] } });
    expect(body['scope']).toBe('orders:read');
  });

  const hostile = '"\r\nSet-Cookie: x=1\u2028é';

  it.each([
    ['grant_type', { grant_type: hostile }, 'unsupported_grant_type'],
    ['assertion', { ...grantForm(), assertion: hostile }, 'invalid_grant'],
    ['scope', { ...grantForm(), scope: hostile }, 'invalid_scope'],
    ['resource', { ...grantForm(), resource: hostile }, 'invalid_target'],
    ['client_id', { ...grantForm(), client_id: hostile }, 'invalid_grant'],
    ['client_secret', { ...grantForm(), client_secret: hostile }, 'invalid_client'],
  ])('[rfc6749-5.2-error-shape] reflects nothing of a hostile %s', async (_name, form, error) => {
    const { status, headers, body } = await tokenEndpoint().post(form);
    expect(status).toBe(400);
    expect(body['error']).toBe(error);
    expect(body['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(JSON.stringify({ headers, body })).not.toMatch(/Set-Cookie|é/);
  });

  it('to a mistake of our own is a plain 500', () => {
    const { server } = tokenEndpoint();
    expect(server.refusal(new TypeError('secret detail'))).toEqual({
      status: 500,
      headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' },
      body: { error: 'server_error', error_description: 'The request could not be judged.' },
    });
  });
});

describe('issueAccessToken', () => {
  it.each([
    ['made by hand', (judged: object) => ({ ...judged })],
    ['nothing', () => undefined],
  ])('takes no token request that is %s', async (_form, change) => {
    const { server } = tokenEndpoint();
    const judged = await server.judgeTokenRequest(formRequest(grantForm()));
    await expect(server.issueAccessToken(change(judged) as never)).rejects.toThrow(SetupError);
    await expect(server.issueAccessToken(change(judged) as never)).rejects.toThrow(/not judged by this/);
  });

  it('takes no token request of another server', async () => {
    const judged = await tokenEndpoint().server.judgeTokenRequest(formRequest(grantForm()));
    await expect(tokenEndpoint().server.issueAccessToken(judged)).rejects.toThrow(SetupError);
  });

  it('gives the application a token request that it cannot change', async () => {
    const { server } = tokenEndpoint();
    const judged = await server.judgeTokenRequest(formRequest(grantForm()));
    expect(judged).toMatchObject({
      grantType: jwtBearerGrantType,
      clientId: 'partner-client',
      subject: 'robot-1',
      resource,
      scopes: ['orders:read', 'orders:write'],
      assertion: { issuer: 'partner', kind: 'jwt-bearer-grant', claims: { aud: issuer } },
    });
    expect(Object.isFrozen(judged)).toBe(true);
    expect(Object.isFrozen(judged.scopes)).toBe(true);
  });

  it.each([
    ['a scope beyond the request', ['orders:read', 'orders:admin']],
    ['no scope at all', []],
  ])('grants no less and no more than it says: %s', async (_form, scope) => {
    const answer = await tokenEndpoint().post(grantForm(), { issuance: { scope } });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
      code: 'grant.scope-refused',
    });
  });
});
