import { beforeAll, describe, expect, it } from '@jest/globals';
import * as core from '@assay/core';
import { isAssayError } from '@assay/core';
import * as authorizationServer from '@assay/core/authorization-server';
import { compactJws, createTokenBuilder, fixedClock, publicJwk, type TokenBuilder } from '@assay/testing';
import { everyOtherKind, type Kind, type KindContext } from '../support/every-kind.js';
import { everyVerifier, type NamedVerifier } from '../support/every-verifier.js';

/** Every kind of JWT before every verifier there is: the diagonal passes, and nothing else. */
const clock = fixedClock(1_800_000_000);
const contextWith = (jwk: Readonly<Record<string, unknown>>): KindContext => ({
  issuer: 'https://as.example',
  audience: 'https://api.example',
  nowSeconds: clock.nowSeconds(),
  publicJwk: jwk,
});

function everyKind(context: KindContext): readonly Kind[] {
  const { issuer: iss, audience: aud, nowSeconds: iat } = context;
  const claims = { iss, aud, sub: 'user-1', client_id: 'client-1', jti: 'j', iat, exp: iat + 300 };
  return [{ name: 'access token', typ: 'at+jwt', claims, row: 'xprof-reverse' }, ...everyOtherKind(context)];
}

const names = everyKind(contextWith({})).map(({ name }) => name);

/** One column of the table: what becomes of a kind, as it is or with other claims. */
function columnOf({ make }: NamedVerifier) {
  let tokens: TokenBuilder;
  let context: KindContext;
  let verify: (jwt: string) => Promise<unknown>;
  beforeAll(async () => {
    tokens = await createTokenBuilder({ ...contextWith({}), clock });
    context = contextWith(publicJwk(tokens.key));
    verify = make({ context, tokens, clock });
  });

  return async (name: string, disguise: NamedVerifier['disguise'] = () => ({})) => {
    const kind = everyKind(context).find((candidate) => candidate.name === name) as Kind;
    const jwt = compactJws({
      // Each brings its key, and each is of a known one.
      header: {
        alg: 'ES256',
        kid: tokens.key['kid'],
        jwk: context.publicJwk,
        ...kind.header,
        ...(kind.typ === undefined ? {} : { typ: kind.typ }),
      },
      payload: { ...kind.claims, ...disguise(context) },
      key: tokens.key,
    });
    return verify(jwt + (kind.suffix ?? '')).then(
      () => 'accepted',
      (error: unknown) => (isAssayError(error) ? error.failure.status : error),
    );
  };
}

const othersThan = ({ own }: NamedVerifier) => names.filter((name) => !own.includes(name));
const columns = everyVerifier.map((verifier) => [verifier.factory, verifier] as const);

describe.each(columns)('%s', (_factory, verifier) => {
  const outcomeOf = columnOf(verifier);

  it.each(verifier.own)('[xprof-reverse] accepts %s', async (name) => {
    await expect(outcomeOf(name)).resolves.toBe('accepted');
  });

  it.each(othersThan(verifier))('[xprof-reverse] refuses %s', async (name) => {
    await expect(outcomeOf(name)).resolves.toBe(401);
  });
});

const typed = columns.filter(([, { disguise }]) => disguise !== undefined);

describe.each(typed)('%s, which requires a type', (_factory, verifier) => {
  const outcomeOf = columnOf(verifier);

  it.each(othersThan(verifier))(
    '[xprof-reverse] refuses %s with every claim that it looks for',
    async (name) => {
      await expect(outcomeOf(name, verifier.disguise)).resolves.toBe(401);
    },
  );
});

describe('the table of kinds by verifiers', () => {
  it('[xprof-reverse] has a row for every verifier that can be made', () => {
    const exported = [...Object.keys(core), ...Object.keys(authorizationServer)];
    const factories = new Set(exported.filter((name) => /^create\w+Verifier$/.test(name)));
    expect(everyVerifier.map(({ factory }) => factory).sort()).toEqual([...factories].sort());
  });

  it('[xprof-reverse] names kinds that there are', () => {
    expect(everyVerifier.flatMap(({ own }) => own).filter((name) => !names.includes(name))).toEqual([]);
  });
});
