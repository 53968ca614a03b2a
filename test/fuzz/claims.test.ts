import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, type ResourceServer } from '@assay/core';
import { createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import fc from 'fast-check';
import { fuzz, outcomeOf, seeds, tellRun } from './support/fuzz.js';

type Members = Readonly<Record<string, unknown>>;

/**
 * Headers and claims of every shape, rightly signed. A second reading of RFC 9068 section 4, written here from the text
 * and not from the code, says which of them are access tokens; the resource server has to agree.
 */
describe('tokens that the issuer signed, whatever they say', () => {
  const nowSeconds = 1_800_000_000;
  const clock = fixedClock(nowSeconds);
  let builder: TokenBuilder;
  let api: ResourceServer;
  beforeAll(async () => {
    builder = await createTokenBuilder({ clock, kid: 'k1' });
    const { issuer, audience, jwks: keys } = builder;
    api = createResourceServer({ issuer, audience, keys, clock });
  });
  afterAll(() => {
    tellRun('claims');
  });

  const isText = (value: unknown): value is string => typeof value === 'string';
  const isName = (value: unknown) => isText(value) && value !== '';
  const isTextIfAny = (value: unknown) => value === undefined || isText(value);
  const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

  function isHeaderOfAccessToken({ alg, kid, typ, crit, b64, enc, cty }: Members): boolean {
    const type = isText(typ) ? typ.toLowerCase() : '';
    return (
      alg === 'ES256' &&
      (kid === undefined || kid === 'k1') &&
      (type === 'at+jwt' || type === 'application/at+jwt') &&
      crit === undefined &&
      b64 === undefined &&
      enc === undefined &&
      !/^(application\/)?jwt$/i.test(isText(cty) ? cty : '')
    );
  }

  function isForUsNow({ iss, aud, exp, nbf, iat, cnf }: Members): boolean {
    const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
    return (
      iss === builder.issuer &&
      audiences.every(isText) &&
      audiences.includes(builder.audience) &&
      isTime(exp) &&
      exp > nowSeconds - 10 &&
      (nbf === undefined || (isTime(nbf) && nbf <= nowSeconds + 10)) &&
      isTime(iat) &&
      iat <= nowSeconds + 10 &&
      cnf === undefined
    );
  }

  function isCompleteAccessToken(claims: Members): boolean {
    const { sub, client_id: clientId, jti, scope, amr, act, authorization_details: details } = claims;
    const isList = amr === undefined || (Array.isArray(amr) && amr.every(isText));
    return (
      [sub, clientId, jti].every(isName) &&
      isTextIfAny(scope) &&
      isList &&
      (act === undefined || isActor(act)) &&
      (details === undefined || (Array.isArray(details) && details.every(hasType)))
    );
  }

  function isActor(act: unknown): boolean {
    if (typeof act !== 'object' || act === null || Array.isArray(act)) return false;
    const { sub, iss, client_id: clientId, act: earlier } = act as Members;
    return (
      isName(sub) &&
      [iss, clientId].every((name) => name === undefined || isName(name)) &&
      (earlier === undefined || isActor(earlier))
    );
  }

  function hasType(detail: unknown): boolean {
    return typeof detail === 'object' && detail !== null && isName((detail as Members)['type']);
  }

  const values = fc.oneof(
    fc.constantFrom<unknown>(
      undefined,
      null,
      true,
      0,
      -1,
      '',
      'x',
      [],
      {},
      [[]],
      'k1',
      'ES256',
      'at+jwt',
      'JWT',
    ),
    fc.constantFrom<unknown>(
      'AT+JWT',
      'application/at+jwt',
      'none',
      'HS256',
      'https://as.example',
      'https://api.example',
    ),
    fc.constantFrom<unknown>(
      ['https://api.example'],
      ['https://api.example', 7],
      ['https://x.example', 'https://api.example'],
    ),
    fc.integer({ min: nowSeconds - 12, max: nowSeconds + 12 }),
    fc.double({ min: nowSeconds - 12, max: nowSeconds + 12, noNaN: true }),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const membersNamed = (...names: readonly string[]) =>
    fc.dictionary(fc.constantFrom(...names), values, { maxKeys: 2 });
  const inputs = fc.record({
    header: membersNamed('alg', 'kid', 'typ', 'crit', 'b64', 'enc', 'cty', 'jwk', 'jku', 'x5c', 'zip'),
    claims: membersNamed(
      ...['iss', 'aud', 'exp', 'nbf', 'iat', 'sub', 'client_id', 'jti', 'scope', 'acr', 'amr', 'cnf'],
      ...['act', 'authorization_details'],
      ...['azp', 'nonce', 'roles', 'constructor', 'toString'],
    ),
  });

  it.each(seeds)(
    'are accepted exactly if they are access tokens for us (%s seed %p)',
    async (_name, seed) => {
      await fuzz(inputs, { share: 0.25, seed }, async (changes) => {
        // Through JSON and back: what a receiver sees.
        const header = JSON.parse(JSON.stringify({ ...builder.header(), ...changes.header })) as Members;
        const claims = JSON.parse(JSON.stringify({ ...builder.claims(), ...changes.claims })) as Members;
        const token = builder.accessToken(
          { ...claims, ...left(changes.claims) },
          {
            header: { ...header, ...left(changes.header) },
            alg: 'ES256',
          },
        );
        const outcome = await outcomeOf(api, [`Bearer ${token}`]);
        const isAccessToken =
          isHeaderOfAccessToken(header) && isForUsNow(claims) && isCompleteAccessToken(claims);
        expect({ header, claims, accepted: outcome.accepted }).toEqual({
          header,
          claims,
          accepted: isAccessToken,
        });
        expect(outcome.accepted ? 401 : outcome.status).toBe(401);
      });
    },
  );

  /** The members that were left out, so that the builder leaves them out too. */
  function left(changes: Members): Members {
    return Object.fromEntries(Object.entries(changes).filter(([, value]) => value === undefined));
  }
});
