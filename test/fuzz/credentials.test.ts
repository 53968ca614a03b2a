import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, type ResourceServer } from '@assay/core';
import { createTokenBuilder, fixedClock } from '@assay/testing';
import fc from 'fast-check';
import { fuzz, outcomeOf, seeds, tellRun } from './support/fuzz.js';

/** `Authorization` lines around a valid token. RFC 6750 section 2.1 says which of them carry it. */
describe('Authorization lines', () => {
  const clock = fixedClock(1_800_000_000);
  let token: string;
  let api: ResourceServer;
  beforeAll(async () => {
    const builder = await createTokenBuilder({ clock, kid: 'k1' });
    const { issuer, audience, jwks: keys } = builder;
    api = createResourceServer({ issuer, audience, keys, clock });
    token = builder.accessToken();
  });
  afterAll(() => {
    tellRun('credentials');
  });

  const scheme = fc.oneof(
    fc.constantFrom(
      'Bearer',
      'bearer',
      'BEARER',
      'bEaReR',
      'DPoP',
      'Basic',
      'Token',
      '',
      'Bearer:',
      'xBearer',
    ),
    fc.string({ maxLength: 8 }),
  );
  const space = fc.constantFrom(' ', '  ', '', '\t', '\u00a0', ' \t', '\n', ',', '=');
  const around = fc.oneof(
    fc.constantFrom('', '', '', '"', ',', ' ', '=', '.', ' Bearer x', '\r\n'),
    fc.string({ maxLength: 4 }),
  );
  const line = fc.record({ scheme, space, before: around, after: around });
  const lines = fc.array(line, { minLength: 0, maxLength: 2 });

  it.each(seeds)('carry the token only where the RFC says so (%s seed %p)', async (_name, seed) => {
    await fuzz(lines, { share: 0.2, seed }, async (parts) => {
      const authorization = parts.map((part) => part.scheme + part.space + part.before + token + part.after);
      const outcome = await outcomeOf(api, authorization);
      const [only = ''] = authorization;
      const carries =
        authorization.length === 1 && only.replace(/^bearer +/i, '') === token && only !== token;
      const answer = outcome.accepted ? 'accepted' : outcome.status;
      expect(carries ? ['accepted'] : [400, 401]).toContain(answer);
    });
  });
});
