import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  compatibilityPresets,
  createAccessTokenVerifier,
  isAssayError,
  type CompatibilityName,
  type Verifier,
} from '@assay/core';
import { compactJws, createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import { everyOtherKind, type Kind } from '../support/every-kind.js';

/**
 * Every kind of JWT is offered to every verifier of access tokens there is, with its type and without it, signed by a
 * key of the very issuer: only the profile can tell.
 */
const clock = fixedClock(1_800_000_000);
const context = {
  issuer: 'https://as.example',
  audience: 'https://api.example',
  nowSeconds: clock.nowSeconds(),
  publicJwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
};
const kinds = everyOtherKind(context);
const presets = Object.keys(compatibilityPresets) as CompatibilityName[];

describe.each([undefined, ...presets])('an access-token verifier with compatibility %s', (compatibility) => {
  let tokens: TokenBuilder;
  let verifier: Verifier<'access-token'>;

  beforeAll(async () => {
    tokens = await createTokenBuilder({ ...context, clock });
    verifier = createAccessTokenVerifier({
      issuer: tokens.issuer,
      // Identifiers that other kinds carry in aud are no excuse.
      audience: [tokens.audience, 'https://as.example/token'],
      keys: tokens.jwks,
      clock,
      ...(compatibility === undefined ? {} : { compatibility }),
    });
  });

  const written = (kind: Kind, typ: string | undefined) =>
    compactJws({
      header: { alg: 'ES256', kid: tokens.key['kid'], ...kind.header, ...(typ === undefined ? {} : { typ }) },
      payload: { ...kind.claims },
      key: tokens.key,
    }) + (kind.suffix ?? '');

  const refusalOf = (jwt: string) =>
    verifier.verify(jwt).then(
      () => 'accepted',
      (error: unknown) => (isAssayError(error) ? error.failure.error : error),
    );

  it.each(kinds.map((kind) => [kind.row, kind.name, kind] as const))(
    '[%s] refuses %s, with its type and without',
    async (_row, _name, kind) => {
      await expect(refusalOf(written(kind, kind.typ))).resolves.toBe('invalid_token');
      await expect(refusalOf(written(kind, undefined))).resolves.toBe('invalid_token');
    },
  );

  it.each(
    kinds
      .filter((kind) => kind.claims['iss'] !== undefined && isTellable(kind))
      .map((kind) => [kind.row, kind.name, kind] as const),
  )('[%s] refuses %s that the issuer itself would have made out for this API', async (_row, _name, kind) => {
    const { issuer: iss, audience } = context;
    const adapted = {
      ...kind,
      claims: { ...kind.claims, iss, aud: audience, client_id: 'client-1', jti: 'j' },
    };
    const complete = {
      ...adapted,
      claims: { sub: 'user-1', exp: clock.nowSeconds() + 60, iat: clock.nowSeconds(), ...adapted.claims },
    };
    await expect(refusalOf(written(complete, undefined))).resolves.toBe('invalid_token');
  });
});

/** Kinds whose own claims are all ordinary ones cannot be told once every required claim of an access token is added. */
function isTellable({ row }: Kind): boolean {
  return !['xprof-client-assertion', 'xprof-jwt-bearer', 'xprof-client-attestation'].includes(row);
}
