import { describe, expect, it } from '@jest/globals';
import { createJwtBearerClient, type JwtBearerClientOptions } from '@assay/client';
import { SetupError } from '@assay/core';
import { key } from './support/scripted-client.js';

const options: JwtBearerClientOptions = {
  authorizationServer: 'https://as.example',
  assertion: { issuer: 'partner', subject: 'robot-1', key },
  resource: 'https://api.example',
};

const create = (changes: Readonly<Record<string, unknown>>) => () =>
  createJwtBearerClient({ ...options, ...changes });

const withAssertion = (changes: Readonly<Record<string, unknown>>) =>
  create({ assertion: { ...options.assertion, ...changes } });

describe('the set-up of a client', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    ['no options', () => createJwtBearerClient(undefined as never), 'options', /object/],
    ['a misspelt option', create({ scopes: 'a' }), 'scopes', /Did you mean scope/],
    ['a misspelt option of the assertion', withAssertion({ sub: 'x' }), 'assertion.sub', /Known options/],
    ['no assertion', create({ assertion: undefined }), 'assertion', /object/],
    ['no authorization server', create({ authorizationServer: undefined }), 'authorizationServer', /https/],
    [
      'one on plain http',
      create({ authorizationServer: 'http://as.example' }),
      'authorizationServer',
      /https/,
    ],
    [
      'one on loopback',
      create({ authorizationServer: 'http://127.0.0.1:1' }),
      'authorizationServer',
      /allowInsecureLoopback/,
    ],
    [
      'one with a query',
      create({ authorizationServer: 'https://as.example?x' }),
      'authorizationServer',
      /without query/,
    ],
    ['an assertion without an issuer', withAssertion({ issuer: '' }), 'assertion.issuer', /trust policy/],
    [
      'an assertion without a subject',
      withAssertion({ subject: undefined }),
      'assertion.subject',
      /trust policy/,
    ],
    ['an assertion without a key', withAssertion({ key: undefined }), 'assertion.key', /alg, kid, sign/],
    ['an empty key', withAssertion({ key: '' }), 'assertion.key', /PEM/],
    ['a life of nothing', withAssertion({ lifetimeSeconds: 0 }), 'assertion.lifetimeSeconds', /seconds/],
    [
      'a life of half seconds',
      withAssertion({ lifetimeSeconds: 1.5 }),
      'assertion.lifetimeSeconds',
      /seconds/,
    ],
    ['no resource', create({ resource: undefined }), 'resource', /identifier of the API/],
    ['a relative resource', create({ resource: '/api' }), 'resource', /identifier of the API/],
    [
      'a resource with a fragment',
      create({ resource: 'https://api.example/#x' }),
      'resource',
      /identifier of the API/,
    ],
    ['a resource on plain http', create({ resource: 'http://api.example' }), 'resource', /Use https/],
    [
      'a resource on loopback',
      create({ resource: 'http://127.0.0.1:1' }),
      'resource',
      /allowInsecureLoopback/,
    ],
    ['an empty scope', create({ scope: '' }), 'scope', /orders:read/],
    ['an empty list of scopes', create({ scope: [] }), 'scope', /orders:read/],
    ['a scope that cannot be one', create({ scope: ['a b'] }), 'scope', /orders:read/],
    ['a time limit of nothing', create({ timeoutMs: 0 }), 'timeoutMs', /milliseconds/],
  ])('refuses %s', (_form, make, option, text) => {
    expect(make).toThrow(SetupError);
    expect(make).toThrow(text);
    expect(make).toThrow(`${option}: `);
  });

  it.each([
    ['the least that is needed', {}],
    ['a URN for the resource', { resource: 'urn:example:api' }],
    ['scopes in one text', { scope: 'a b' }],
    ['scopes as a list', { scope: ['a', 'b'] }],
    [
      'loopback, where that is allowed',
      {
        authorizationServer: 'http://localhost:1',
        resource: 'http://localhost:2',
        allowInsecureLoopback: true,
      },
    ],
  ])('accepts %s', (_form, changes) => {
    expect(create(changes)).not.toThrow();
  });
});
