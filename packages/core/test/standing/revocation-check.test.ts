import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { compatibilityPresets } from '../../src/compatibility/presets.js';
import { Principal } from '../../src/principal.js';
import { revocationCheck } from '../../src/standing/revocation-check.js';
import type { RevocationQuery, RevocationStore } from '../../src/standing/revocation-store.js';
import { nowSeconds, signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

const principal = (claims: Record<string, unknown> = {}) => Principal.from(signedStatement(claims));
const unavailable = 'service.revocations-unavailable';

/** Asks a store that answers so. */
const ask = (isRevoked: () => unknown) => () =>
  revocationCheck({ isRevoked } as RevocationStore).check(principal());

/** What a store is asked about a token. */
async function questionsAbout(token: Principal): Promise<readonly RevocationQuery[]> {
  const asked: RevocationQuery[] = [];
  const isRevoked: RevocationStore['isRevoked'] = (query) => {
    asked.push(query);
    return Promise.resolve(false);
  };
  await revocationCheck({ isRevoked }).check(token);
  return asked;
}

describe('revocationCheck', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('lets a token pass that the store does not know', async () => {
    await expect(ask(() => Promise.resolve(false))()).resolves.toBeUndefined();
  });

  it('refuses a token that the store knows', async () => {
    await expectRefusal(
      ask(() => Promise.resolve(true)),
      'token.revoked',
      { reason: 'mismatch' },
    );
  });

  it.each([undefined, null, 0, 1, '', 'false', 'true', {}, [], NaN])(
    'cannot tell from the answer %p',
    async (answer) => {
      await expectRefusal(
        ask(() => Promise.resolve(answer)),
        unavailable,
      );
    },
  );

  it('takes an answer without a promise for what it says', async () => {
    await expect(ask(() => false)()).resolves.toBeUndefined();
    await expectRefusal(
      ask(() => true),
      'token.revoked',
      { reason: 'mismatch' },
    );
  });

  it('cannot tell when the store rejects, and keeps the cause', async () => {
    const cause = new Error('no connection');
    const refusal = await expectRefusal(
      ask(() => Promise.reject(cause)),
      unavailable,
    );
    expect(refusal.cause).toBe(cause);
  });

  it('cannot tell when the store throws', async () => {
    const throwing = ask(() => {
      throw new Error('a mistake');
    });
    await expectRefusal(throwing, unavailable);
  });

  it('cannot tell when the store takes five seconds, and waits no longer', async () => {
    jest.useFakeTimers();
    const refused = expectRefusal(
      ask(() => new Promise(() => undefined)),
      unavailable,
    );
    await jest.advanceTimersByTimeAsync(5000);
    await refused;
  });

  it('asks by everything that identifies the token, and never by the token', async () => {
    await expect(questionsAbout(principal({ sid: 'session-1' }))).resolves.toEqual([
      {
        issuer: 'https://as.example',
        tokenId: 'token-1',
        subject: 'user-1',
        sessionId: 'session-1',
        clientId: 'client-1',
        issuedAt: nowSeconds,
      },
    ]);
  });

  it('asks by nothing that the token does not say', async () => {
    const silent = principal({ jti: undefined, sub: '', client_id: 7, sid: 7, iat: undefined });
    const nothing = { tokenId: undefined, subject: undefined, sessionId: undefined, clientId: undefined };
    await expect(questionsAbout(silent)).resolves.toEqual([
      { issuer: 'https://as.example', ...nothing, issuedAt: undefined },
    ]);
  });

  it('asks by the client that the dialect of an issuer calls otherwise', async () => {
    const { reading } = compatibilityPresets.okta.profile;
    const source = signedStatement({ cid: 'client-2', client_id: undefined });
    const ofOkta = Principal.from(reading === undefined ? source : { ...source, reading });
    await expect(questionsAbout(ofOkta)).resolves.toMatchObject([{ clientId: 'client-2' }]);
  });
});
