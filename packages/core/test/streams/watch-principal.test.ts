import { getEventListeners, once } from 'node:events';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { isAssayError } from '../../src/assay-error.js';
import type { Principal } from '../../src/principal.js';
import {
  createResourceServer,
  type ResourceServer,
  type ResourceServerOptions,
} from '../../src/resource-server.js';
import { inMemoryRevocations } from '../../src/standing/in-memory-revocations.js';
import type { RevocationStore } from '../../src/standing/revocation-store.js';

/** Real time: what is watched are timers. */
const now = () => Date.now() / 1000;

const codeOf = ({ reason }: AbortSignal) => (isAssayError(reason) ? reason.code : undefined);
const aborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, 'abort');
  return codeOf(signal);
};
const passing = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('watch', () => {
  let builder: TokenBuilder;
  beforeAll(async () => {
    builder = await createTokenBuilder();
  });

  function serverWith(settings: Partial<ResourceServerOptions> = {}): ResourceServer {
    const { issuer, audience, jwks: keys } = builder;
    return createResourceServer({ issuer, audience, keys, leewaySeconds: 0, ...settings });
  }

  function principalOf(api: ResourceServer, claims: Record<string, unknown>): Promise<Principal> {
    const authorization = [`Bearer ${builder.accessToken(claims)}`];
    return api.authenticate({ method: 'GET', url: '/', headers: { authorization } });
  }

  it('is not aborted while the token lives, and is at its expiry', async () => {
    const api = serverWith();
    const signal = api.watch(await principalOf(api, { exp: now() + 0.6 }));
    await passing(200);
    expect(signal.aborted).toBe(false);
    expect(await aborted(signal)).toBe('token.expired');
  });

  it('forgives the leeway', async () => {
    const api = serverWith({ leewaySeconds: 1 });
    const exp = now() + 0.1;
    const signal = api.watch(await principalOf(api, { exp }));
    await passing(500);
    expect(signal.aborted).toBe(false);
    expect(await aborted(signal)).toBe('token.expired');
    expect(now()).toBeGreaterThanOrEqual(exp + 1);
  });

  it('is aborted at once for a token that has expired meanwhile', async () => {
    const api = serverWith();
    const principal = await principalOf(api, { exp: now() + 0.1 });
    await passing(150);
    expect(await aborted(api.watch(principal))).toBe('token.expired');
  });

  it('is aborted as soon as the store tells of a revocation', async () => {
    const revocations = inMemoryRevocations();
    const api = serverWith({ revocations });
    const [revoked, other] = await Promise.all([
      principalOf(api, { jti: 'revoked' }),
      principalOf(api, { jti: 'other' }),
    ]);
    const [signal, otherSignal] = [api.watch(revoked), api.watch(other)];
    await passing(20);
    await revocations.revoke({ issuer: builder.issuer, tokenId: 'revoked', expiresAt: now() + 300 });
    expect(await aborted(signal)).toBe('token.revoked');
    await passing(20);
    expect(otherSignal.aborted).toBe(false);
  });

  it('asks a store again and again that tells nobody', async () => {
    let isRevoked = false;
    let asked = 0;
    const revocations: RevocationStore = {
      isRevoked: () => {
        asked += 1;
        return Promise.resolve(isRevoked);
      },
    };
    const api = serverWith({ revocations });
    const signal = api.watch(await principalOf(api, {}), { everySeconds: 0.05 });
    await passing(180);
    expect(signal.aborted).toBe(false);
    expect(asked).toBeGreaterThanOrEqual(3);
    isRevoked = true;
    expect(await aborted(signal)).toBe('token.revoked');
    const askedUntilThen = asked;
    await passing(150);
    expect(asked).toBe(askedUntilThen);
  });

  it('is aborted when it cannot be told any more whether the token stands: never "fine" in doubt', async () => {
    let isDown = false;
    const revocations: RevocationStore = {
      isRevoked: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(false)),
    };
    const api = serverWith({ revocations });
    const signal = api.watch(await principalOf(api, {}), { everySeconds: 0.05 });
    await passing(80);
    expect(signal.aborted).toBe(false);
    isDown = true;
    expect(await aborted(signal)).toBe('service.revocations-unavailable');
  });

  it('ends with the connection: nothing is asked or aborted any more', async () => {
    let asked = 0;
    const revocations: RevocationStore = {
      isRevoked: () => {
        asked += 1;
        return Promise.resolve(false);
      },
    };
    const api = serverWith({ revocations });
    const principal = await principalOf(api, { exp: now() + 0.3 });
    const connection = new AbortController();
    const signal = api.watch(principal, { everySeconds: 0.05, signal: connection.signal });
    await passing(80);
    connection.abort();
    const askedUntilThen = asked;
    await passing(400);
    expect(asked).toBeLessThanOrEqual(askedUntilThen + 1);
    expect(signal.aborted).toBe(false);
    expect(getEventListeners(connection.signal, 'abort')).toHaveLength(0);
  });

  it('does not begin for a connection that is closed already', async () => {
    const api = serverWith();
    const signal = api.watch(await principalOf(api, { exp: now() + 0.1 }), { signal: AbortSignal.abort() });
    await passing(200);
    expect(signal.aborted).toBe(false);
  });
});

describe('renew', () => {
  it('lets the same principal go on with a new token, and nobody else', async () => {
    const builder = await createTokenBuilder();
    const { issuer, audience, jwks: keys } = builder;
    const api = createResourceServer({ issuer, audience, keys });
    const view = (claims: Record<string, unknown>) => ({
      method: 'GET',
      url: '/',
      headers: { authorization: [`Bearer ${builder.accessToken(claims)}`] },
    });
    const principal = await api.authenticate(view({ scope: 'a' }));
    const renewed = await api.renew(principal, view({ scope: 'b', exp: now() + 900 }));
    expect(renewed.scopes).toEqual(['b']);
    for (const claims of [
      { sub: 'user-2' },
      { client_id: 'client-2' },
      { sub: 'client-1', client_id: 'user-1' },
    ]) {
      await expect(api.renew(principal, view(claims))).rejects.toMatchObject({
        code: 'permission.session-refused',
        status: 403,
      });
    }
    await expect(api.renew(principal, view({ exp: 1 }))).rejects.toMatchObject({ code: 'token.expired' });
  });
});
