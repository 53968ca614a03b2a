import { describe, expect, it } from '@jest/globals';
import { requestViewOf } from '../src/request-view.js';

describe('requestViewOf', () => {
  it('shows every line of a header that came twice', () => {
    const view = requestViewOf({
      rawHeaders: ['Authorization', 'Bearer a', 'Host', 'x', 'authorization', 'Bearer b'],
      headers: { authorization: 'Bearer a' },
    });
    expect(view.headers['authorization']).toEqual(['Bearer a', 'Bearer b']);
    expect(view.headers['host']).toEqual(['x']);
  });

  it.each([
    ['are absent', undefined],
    ['are empty, as some test tools and gateways leave them', []],
  ])('goes by the parsed headers where the raw ones %s', (_how, rawHeaders) => {
    const headers = { Authorization: 'Bearer a', 'set-cookie': ['a', 'b'], none: undefined };
    expect({ ...requestViewOf({ rawHeaders, headers }).headers }).toEqual({
      authorization: ['Bearer a'],
      'set-cookie': ['a', 'b'],
    });
  });

  it('does not believe a parsed header that the raw ones lack', () => {
    const view = requestViewOf({ rawHeaders: ['Host', 'x'], headers: { authorization: 'Bearer a' } });
    expect(view.headers['authorization']).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString'])('takes a header named %s for a header', (name) => {
    const { headers } = requestViewOf({ rawHeaders: [name, 'x'], headers: {} });
    expect(headers[name.toLowerCase()]).toEqual(['x']);
    expect(headers['authorization']).toBeUndefined();
  });

  it('has no header that objects inherit', () => {
    expect(requestViewOf({ headers: {} }).headers['constructor']).toBeUndefined();
  });

  it('goes by the URL that was received, not by what a router left of it', () => {
    expect(requestViewOf({ url: '/1', originalUrl: '/orders/1?x=2', headers: {} }).url).toBe('/orders/1?x=2');
    expect(requestViewOf({ url: '/orders/1', headers: {} }).url).toBe('/orders/1');
  });

  it('has a method and a URL where there are none', () => {
    expect(requestViewOf({ headers: {} })).toMatchObject({ method: 'GET', url: '/', form: undefined });
  });

  it.each([
    ['application/x-www-form-urlencoded', { access_token: 'a' }, { access_token: 'a' }],
    ['Application/X-WWW-Form-URLencoded; charset=utf-8', { access_token: 'a' }, { access_token: 'a' }],
    ['application/json', { access_token: 'a' }, undefined],
    ['multipart/form-data; boundary=x', { access_token: 'a' }, undefined],
    ['application/x-www-form-urlencoded', 'access_token=a', undefined],
    ['application/x-www-form-urlencoded', undefined, undefined],
    ['application/x-www-form-urlencoded', null, undefined],
    [undefined, { access_token: 'a' }, undefined],
  ])('reads the form of a body of type %p that was parsed into %j', (type, body, form) => {
    const view = requestViewOf({ method: 'POST', headers: { 'content-type': type }, body });
    expect(view.form).toEqual(form);
  });
});
