import { describe, expect, it, jest } from '@jest/globals';
import { createResourceServer, type RequestView, type ResourceServerOptions } from '@assay/core';
import { createTokenBuilder, fixedClock } from '@assay/testing';
import { principalWithinActor, type ScopesOfActor } from '../../src/delegation/principal-within-actor.js';
import { nowSeconds, signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';
import { expectSetupError } from '../support/setup-problem.js';

describe('principalWithinActor', () => {
  const delegated = signedStatement({
    scope: 'calendar:read calendar:write',
    act: { sub: 'svc-assistant', act: { sub: 'svc-admin' } },
  });

  it('counts the scopes that token and actor both have', async () => {
    const principal = await principalWithinActor(delegated, () => ['calendar:read', 'mail:read']);
    expect(principal.scopes).toEqual(['calendar:read']);
    expect(principal.withheldScopes).toEqual(['calendar:write']);
    expect(principal.hasScope('calendar:read')).toBe(true);
    expect(principal.hasScope('calendar:write')).toBe(false);
    expect(principal.hasScope('mail:read')).toBe(false);
    expect(principal.claims['scope']).toBe('calendar:read calendar:write');
  });

  it('counts none where the actor has none', async () => {
    const principal = await principalWithinActor(delegated, () => Promise.resolve([]));
    expect(principal.scopes).toEqual([]);
    expect(principal.withheldScopes).toEqual(['calendar:read', 'calendar:write']);
  });

  it('asks for the current actor alone, and says for whom it acts', async () => {
    const scopesOfActor = jest.fn<ScopesOfActor>(() => []);
    await principalWithinActor(delegated, scopesOfActor);
    expect(
      scopesOfActor.mock.calls.map(([{ subject }, { principal }]) => [subject, principal.subject]),
    ).toEqual([['svc-assistant', 'user-1']]);
  });

  it('asks nobody where the subject comes itself', async () => {
    const scopesOfActor = jest.fn<ScopesOfActor>(() => []);
    const principal = await principalWithinActor(signedStatement({ scope: 'calendar:write' }), scopesOfActor);
    expect(scopesOfActor).not.toHaveBeenCalled();
    expect(principal).toMatchObject({ scopes: ['calendar:write'], withheldScopes: [] });
  });

  it('counts every scope of the token where nothing bounds the actor', async () => {
    const principal = await principalWithinActor(delegated, undefined);
    expect(principal).toMatchObject({ scopes: ['calendar:read', 'calendar:write'], withheldScopes: [] });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret detail');
      },
    ],
    ['is rejected', () => Promise.reject(new Error('secret detail'))],
    ['answers a text', () => 'calendar:read'],
    ['answers a list of other things', () => ['calendar:read', 7]],
    ['answers nothing', () => undefined],
  ] as unknown as [string, ScopesOfActor][])(
    'takes the blame when the application %s',
    async (_how, scopesOfActor) => {
      const error = await expectRefusal(
        () => principalWithinActor(delegated, scopesOfActor),
        'service.failed',
      );
      expect(error.message).not.toContain('secret detail');
    },
  );
});

describe('a resource server with scopesOfActor', () => {
  const clock = fixedClock(nowSeconds);

  async function apiWith(scopesOfActor: ScopesOfActor) {
    const builder = await createTokenBuilder({ clock });
    const { issuer, audience, jwks } = builder;
    const api = createResourceServer({ issuer, audience, keys: jwks, clock, scopesOfActor });
    const request = (claims: Record<string, unknown>): RequestView => ({
      method: 'GET',
      url: '/',
      headers: { authorization: [`Bearer ${builder.accessToken(claims)}`] },
    });
    return { api, request };
  }

  it('gives everybody behind it the scopes that count', async () => {
    const { api, request } = await apiWith(({ subject }) => (subject === 'svc-reader' ? ['read'] : []));
    const scopesFor = async (act: unknown) =>
      (await api.authenticate(request({ scope: 'read write', act }))).scopes;
    await expect(scopesFor(undefined)).resolves.toEqual(['read', 'write']);
    await expect(scopesFor({ sub: 'svc-reader' })).resolves.toEqual(['read']);
    await expect(scopesFor({ sub: 'svc-other', act: { sub: 'svc-reader' } })).resolves.toEqual([]);
  });

  it('lets nobody in while it cannot tell', async () => {
    const { api, request } = await apiWith(() => Promise.reject(new Error('the registry is down')));
    await expectRefusal(() => api.authenticate(request({ act: { sub: 'svc-reader' } })), 'service.failed');
  });

  it('wants a function', async () => {
    const options = {
      issuer: 'https://as.example',
      audience: 'https://api.example',
      scopesOfActor: ['read'],
    } as unknown as ResourceServerOptions;
    await expectSetupError(() => createResourceServer(options), {
      option: 'scopesOfActor',
      problem: 'it is not a function',
      remedy: 'Give a function',
    });
  });
});
