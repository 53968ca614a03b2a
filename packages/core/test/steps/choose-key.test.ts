import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { AssayError } from '../../src/assay-error.js';
import type { UnverifiedToken } from '../../src/evidence.js';
import { importJwk, type VerificationKey } from '../../src/keys/verification-key.js';
import type { KeySource } from '../../src/keys/key-source.js';
import { algorithmsFrom } from '../../src/settings/algorithm-list.js';
import { chooseKeys } from '../../src/steps/choose-key.js';
import type { TrustedIssuer } from '../../src/trusted-issuer.js';
import { expectRefusal } from '../support/refusal.js';

describe('chooseKeys', () => {
  let builder: TokenBuilder;
  let key: VerificationKey;
  beforeAll(async () => {
    builder = await createTokenBuilder({ alg: 'RS256', kid: 'k1' });
    key = importJwk({ ...builder.jwks.keys[0], alg: undefined }) as VerificationKey;
    // An RSA key takes long to make on a busy machine.
  }, 60_000);

  const find = jest.fn<KeySource['find']>();
  const issuer = (algorithms?: readonly string[]): TrustedIssuer => ({
    identifier: 'https://as.example',
    algorithms: algorithmsFrom(algorithms),
    keySource: { find, ready: () => Promise.resolve() },
    expectations: { audiences: ['https://api.example'], leewaySeconds: 0 },
  });
  const choose = (header: Record<string, unknown>, trusted = issuer()) => {
    find.mockClear();
    return chooseKeys({ header } as unknown as UnverifiedToken, trusted);
  };

  it('gives the algorithm and the keys of the source that serve it', async () => {
    find.mockReturnValue([key]);
    expect(await choose({ alg: 'RS256', kid: 'k1' })).toEqual({ algorithm: 'RS256', candidates: [key] });
    expect(find).toHaveBeenCalledWith({ alg: 'RS256', kid: 'k1' });
  });

  it('waits for a source that has to fetch', async () => {
    find.mockResolvedValue([key]);
    expect((await choose({ alg: 'RS256' })).candidates).toEqual([key]);
  });

  it.each(['none', 'None', 'HS256', 'es256', 'ES256 ', ' ES256', 'XS999', '', 'constructor', '__proto__'])(
    'refuses the algorithm %p before any key is looked for',
    async (alg) => {
      await expectRefusal(() => choose({ alg, kid: 'k1' }), 'token.algorithm-refused', {
        claim: 'alg',
        reason: 'mismatch',
      });
      expect(find).not.toHaveBeenCalled();
    },
  );

  it('refuses a known algorithm that is not on the list of the issuer', async () => {
    await expectRefusal(() => choose({ alg: 'RS256' }, issuer(['ES256'])), 'token.algorithm-refused', {
      claim: 'alg',
      reason: 'mismatch',
    });
    expect(find).not.toHaveBeenCalled();
  });

  it('refuses a token for which the source has no key', async () => {
    find.mockReturnValue([]);
    await expectRefusal(() => choose({ alg: 'RS256', kid: 'new' }), 'token.key-unknown', {
      claim: 'kid',
      reason: 'mismatch',
    });
  });

  it('leaves out keys that a source of the application gives for the wrong algorithm', async () => {
    find.mockReturnValue([key]);
    await expectRefusal(() => choose({ alg: 'ES256', kid: 'k1' }), 'token.key-unknown', {
      claim: 'kid',
      reason: 'mismatch',
    });
  });

  it('passes on that the keys are not available', async () => {
    const outage = new AssayError('service.keys-unavailable', { retryAfterSeconds: 7 });
    find.mockRejectedValue(outage);
    await expect(choose({ alg: 'RS256' })).rejects.toBe(outage);
  });

  it('takes any other failure of a source for an outage, and keeps its cause', async () => {
    const cause = new Error('the database is down');
    find.mockRejectedValue(cause);
    const error = await expectRefusal(() => choose({ alg: 'RS256' }), 'service.keys-unavailable');
    expect(error.cause).toBe(cause);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an empty string', ''],
    ['something that is no key', [{}]],
  ])('takes a source that answers %s for an outage', async (_what, answer) => {
    find.mockReturnValue(answer as unknown as VerificationKey[]);
    await expectRefusal(() => choose({ alg: 'RS256' }), 'service.keys-unavailable');
  });
});
