import { beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, inMemoryStores, type ResourceServerOptions } from '@assay/core';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';

describe('the warnings of a resource server', () => {
  let builder: TokenBuilder;
  beforeAll(async () => {
    builder = await createTokenBuilder();
  });

  /** The options that are warned of. */
  const warnedOf = (options: Partial<ResourceServerOptions> = {}): readonly string[] => {
    const { issuer, audience, jwks } = builder;
    const server = createResourceServer({
      issuer,
      audience,
      keys: jwks,
      stores: inMemoryStores(),
      ...options,
    });
    return server.warnings.map((warning) => warning.replace(/:.*$/s, ''));
  };

  it('are none where everything is said', () => {
    expect(warnedOf()).toEqual([]);
  });

  it.each([
    [0, []],
    [10, []],
    [60, []],
    [60.5, ['leewaySeconds']],
    [300, ['leewaySeconds']],
  ])('speak of a leeway over a minute: %d', (leewaySeconds, expected) => {
    expect(warnedOf({ leewaySeconds })).toEqual(expected);
  });

  it.each<readonly [string, Partial<ResourceServerOptions>, readonly string[]]>([
    ['an audience that is no URL', { audience: 'orders' }, ['publicUrl']],
    ['an audience that is an http URL', { audience: 'http://api.example' }, ['publicUrl']],
    ['audiences of two origins', { audience: ['https://a.example', 'https://b.example'] }, ['publicUrl']],
    ['audiences of one origin', { audience: ['https://a.example/x', 'https://a.example/y', 'orders'] }, []],
    ['an audience beside publicUrl', { audience: 'orders', publicUrl: 'https://api.example' }, []],
    ['an audience beside proxies that say it', { audience: 'orders', trustedProxies: ['10.0.0.5'] }, []],
    ['an audience beside no proxies', { audience: 'orders', trustedProxies: [] }, ['publicUrl']],
  ])('say that the address is not known, where it is not: %s', (_what, options, expected) => {
    expect(warnedOf(options)).toEqual(expected);
  });

  it.each<readonly [string, Partial<ResourceServerOptions>]>([
    ['offered', { dpop: true }],
    ['required', { requireSenderConstraint: 'dpop' }],
  ])('say that proofs are remembered in this process alone, where DPoP is %s', (_how, options) => {
    const { issuer, audience, jwks: keys } = builder;
    expect(createResourceServer({ issuer, audience, keys, ...options }).warnings).toEqual([
      'stores: DPoP proofs are remembered in this process alone, so that each of several instances would accept a proof ' +
        'once. Give stores that they share.',
    ]);
  });

  it('say nothing of remembering proofs where nobody speaks of DPoP', () => {
    const { issuer, audience, jwks: keys } = builder;
    expect(createResourceServer({ issuer, audience, keys }).warnings).toEqual([]);
  });

  it('say nothing of remembering proofs that are all refused', () => {
    const { issuer, jwks: keys } = builder;
    expect(createResourceServer({ issuer, audience: 'orders', keys, leewaySeconds: 61 }).warnings).toEqual([
      'leewaySeconds: tokens count for 61 seconds after they have expired.',
      'publicUrl: it is not known by which address clients reach this server, so that tokens that are bound to a DPoP ' +
        'key are refused. Give publicUrl, or trustedProxies that say it.',
    ]);
  });
});
