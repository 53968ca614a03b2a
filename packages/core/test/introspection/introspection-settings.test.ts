import { describe, expect, it } from '@jest/globals';
import { createTokenBuilder, fixedClock } from '@assay/testing';
import type { IntrospectionOptions } from '../../src/introspection/introspection-options.js';
import { createResourceServer, type ResourceServerOptions } from '../../src/resource-server.js';
import { nowSeconds } from '../support/evidence.js';
import { thrownBy } from '../support/refusal.js';
import { expectSetupError } from '../support/setup-problem.js';

const clock = fixedClock(nowSeconds);
const first = 'https://as.example';
const second = 'https://other.example';
const usable: IntrospectionOptions = {
  endpoint: 'https://as.example/introspect',
  clientAuthentication: () => ({}),
};

const make = (introspection: unknown, changes: Partial<ResourceServerOptions> = {}) =>
  createResourceServer({
    issuer: first,
    audience: 'https://api.example',
    clock,
    introspection: introspection as IntrospectionOptions,
    ...changes,
  });

const twoIssuers = { issuer: [{ issuer: first }, { issuer: second }] };

describe('the introspection option', () => {
  it('names the issuers that can be asked', () => {
    expect(make(usable).introspectedIssuers).toEqual([first]);
    expect(make(undefined).introspectedIssuers).toEqual([]);
    const entries = [
      { ...usable, issuer: second },
      { ...usable, issuer: first, use: 'every-token' },
    ];
    expect(make(entries, twoIssuers).introspectedIssuers).toEqual([second, first]);
  });

  it.each<[string, object, string]>([
    ['endpoint', { endpoint: undefined }, 'it is not an https URL'],
    ['endpoint', { endpoint: 'http://as.example/introspect' }, 'it is not an https URL'],
    ['endpoint', { endpoint: 'http://127.0.0.1/introspect' }, 'it is not an https URL'],
    ['issuer', { issuer: second }, 'it is none of the trusted issuers'],
    ['issuer', { issuer: `${first}/` }, 'it is none of the trusted issuers'],
    ['issuer', { issuer: 7 }, 'it is none of the trusted issuers'],
    ['clientAuthentication', { clientAuthentication: undefined }, 'it is not said who asks'],
    ['response', { response: 'jwt' }, 'it is neither of the two kinds of answers'],
    ['response', { response: {} }, 'it is neither of the two kinds of answers'],
    ['response', { response: { jwt: true } }, 'it is neither of the two kinds of answers'],
    ['response.json', { response: { jwt: {}, json: {} } }, 'there is no such option'],
    ['response.jwt.algorithm', { response: { jwt: { algorithm: 'ES256' } } }, 'there is no such option'],
    ['response.jwt.algorithms', { response: { jwt: { algorithms: [] } } }, 'it is not a list'],
    ['response.jwt.algorithms', { response: { jwt: { algorithms: ['none'] } } }, '"none" is not a supported'],
    [
      'response.jwt.algorithms',
      { response: { jwt: { algorithms: ['HS256'] } } },
      '"HS256" is not a supported',
    ],
    ['response.jwt.audience', { response: { jwt: { audience: [] } } }, 'no audience is configured'],
    [
      'response.jwt.keys.jwksUri',
      { response: { jwt: { keys: { jwksUri: 'http://x' } } } },
      'it is not an https',
    ],
    [
      'response.jwt.decryptionKeys[0].alg',
      { response: { jwt: { decryptionKeys: [{}] } } },
      'the algorithm is not',
    ],
    ['use', { use: 'always' }, 'there is no such value'],
    ['missingSubject', { missingSubject: 'user' }, 'there is no such value'],
    ['cacheSeconds', { cacheSeconds: 301 }, 'it is not a number from 0 to 300'],
    ['cacheSeconds', { cacheSeconds: -1 }, 'it is not a number from 0 to 300'],
    ['cacheSeconds', { cacheSeconds: '60' }, 'it is not a number from 0 to 300'],
    ['cacheSeconds', { cacheSeconds: Number.NaN }, 'it is not a number from 0 to 300'],
    ['maximumCachedAnswers', { maximumCachedAnswers: 1 }, 'it is not a whole number from 2'],
    ['maximumCachedAnswers', { maximumCachedAnswers: 2.5 }, 'it is not a whole number from 2'],
    ['timeoutMs', { timeoutMs: 0 }, 'it is not a number from 1 to 60000'],
    ['timeoutMs', { timeoutMs: 60_001 }, 'it is not a number from 1 to 60000'],
    ['onEvent', { onEvent: true }, 'it is not a function'],
    ['fetch', { fetch: {} }, 'it is not a function'],
    ['client_secret', { client_secret: 's' }, 'there is no such option'],
    ['cacheSecond', { cacheSecond: 5 }, 'there is no such option'],
  ])('refuses %s in %j', async (option, changes, problem) => {
    await expectSetupError(() => make({ ...usable, ...changes }), {
      option: `introspection.${option}`,
      problem,
      remedy: '',
    });
  });

  it.each<[object]>([
    [{ cacheSeconds: 0 }],
    [{ cacheSeconds: 300 }],
    [{ maximumCachedAnswers: 2 }],
    [{ timeoutMs: 1 }],
    [{ timeoutMs: 60_000 }],
    [{ response: 'json' }],
    [{ response: { jwt: {} } }],
    [{ issuer: first }],
  ])('takes %j', (changes) => {
    expect(make({ ...usable, ...changes }).introspectedIssuers).toEqual([first]);
  });

  it('takes http on loopback where that is allowed', () => {
    const loopback = { ...usable, endpoint: 'http://127.0.0.1:1234/introspect' };
    expect(make(loopback, { allowInsecureLoopback: true }).introspectedIssuers).toEqual([first]);
  });

  it.each<[string, unknown, string]>([
    ['introspection', [], 'the list is empty'],
    ['introspection[0].issuer', [usable], 'it is not said whose endpoint it is'],
    [
      'introspection[1].issuer',
      [
        { ...usable, issuer: first },
        { ...usable, issuer: first },
      ],
      `${first} stands twice`,
    ],
    [
      'introspection',
      [
        { ...usable, issuer: first, use: 'opaque-tokens' },
        { ...usable, issuer: second, use: 'every-token' },
      ],
      'two issuers are to be asked about opaque tokens',
    ],
  ])('of several issuers is refused at %s', async (option, entries, problem) => {
    await expectSetupError(() => make(entries, twoIssuers), { option, problem, remedy: '' });
  });

  it('needs keys for signed answers where the issuer has a shared secret alone', async () => {
    const withSecret: Partial<ResourceServerOptions> = {
      sharedSecret: new Uint8Array(32).fill(7),
      algorithms: ['HS256'],
    };
    const signed = { ...usable, response: { jwt: {} } };
    await expectSetupError(() => make(signed, withSecret), {
      option: 'introspection.response.jwt.keys',
      problem: 'the issuer has a shared secret and no keys',
      remedy: 'Give the keys',
    });
    const { jwks } = await createTokenBuilder();
    const withKeys = { ...usable, response: { jwt: { keys: jwks } } };
    expect(make(withKeys, withSecret).introspectedIssuers).toEqual([first]);
  });

  it('has its client key judged by ready', async () => {
    const { jwks } = await createTokenBuilder();
    const api = make({ ...usable, clientAuthentication: { clientId: 'api', key: 'no key' } }, { keys: jwks });
    const error = await thrownBy(api.ready);
    expect(error).toMatchObject({ option: 'introspection.clientAuthentication.key' });
    await expect(make(usable, { keys: jwks }).ready()).resolves.toBeUndefined();
  });
});
