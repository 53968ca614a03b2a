import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  compatibilityPresets,
  createAccessTokenVerifier,
  createDpopProofVerifier,
  createStatusListVerifier,
  isAssayError,
  type CompatibilityName,
  type StatusListVerifier,
  type Verifier,
} from '@assay/core';
import { compactJws, createTokenBuilder, fixedClock, publicJwk, type TokenBuilder } from '@assay/testing';
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

  const written = (kind: Kind, typ: string | undefined) => writtenBy(tokens, kind, typ);

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

/** The kind as a JWT of that type, signed by the key of the builder. */
function writtenBy({ key }: TokenBuilder, kind: Kind, typ: string | undefined): string {
  const jws = compactJws({
    header: { alg: 'ES256', kid: key['kid'], ...kind.header, ...(typ === undefined ? {} : { typ }) },
    payload: { ...kind.claims },
    key,
  });
  return jws + (kind.suffix ?? '');
}

describe('a status-list verifier', () => {
  const uri = 'https://as.example/statuslists/1';
  const reference = { issuer: context.issuer, uri };
  let tokens: TokenBuilder;
  let verifier: StatusListVerifier;

  beforeAll(async () => {
    tokens = await createTokenBuilder({ ...context, clock });
    verifier = createStatusListVerifier({
      statusIssuers: [
        { issuer: tokens.issuer, uris: [uri], keys: tokens.jwks, audience: [tokens.audience, 'client-1'] },
      ],
      clock,
    });
  });

  const codeFor = (jwt: string) =>
    verifier.verify(jwt, reference).then(
      ({ kind }) => kind,
      (error: unknown) => (isAssayError(error) ? error.failure.error : error),
    );
  const isStatusList = ({ row }: Kind) => row === 'xprof-status-list';
  const others = kinds.filter((kind) => !isStatusList(kind)).map((kind) => [kind.name, kind] as const);

  it('[tsl-5.1-typ-signature] accepts a status list', async () => {
    const [list] = kinds.filter(isStatusList);
    await expect(codeFor(writtenBy(tokens, list as Kind, list?.typ))).resolves.toBe('status-list');
    await expect(codeFor(writtenBy(tokens, list as Kind, undefined))).resolves.toBe('invalid_token');
  });

  it.each(others)('[tsl-5.1-typ-signature] refuses %s, with its type and without', async (_name, kind) => {
    await expect(codeFor(writtenBy(tokens, kind, kind.typ))).resolves.toBe('invalid_token');
    await expect(codeFor(writtenBy(tokens, kind, undefined))).resolves.toBe('invalid_token');
  });

  it.each(others)(
    '[tsl-5.1-typ-signature] refuses %s with the type and the subject of a list',
    async (_name, kind) => {
      const disguised = { ...kind, claims: { ...kind.claims, sub: uri, iat: context.nowSeconds, ttl: 60 } };
      await expect(codeFor(writtenBy(tokens, disguised, 'statuslist+jwt'))).resolves.toBe('invalid_token');
    },
  );

  it('[tsl-5.1-typ-signature] refuses an access token', async () => {
    await expect(codeFor(tokens.accessToken())).resolves.toBe('invalid_token');
    await expect(codeFor(tokens.accessToken({ sub: uri }))).resolves.toBe('invalid_token');
  });
});

describe('a DPoP proof verifier', () => {
  const request = { method: 'GET', url: `${context.audience}/orders` };
  const isProof = ({ row }: Kind) => row === 'xprof-dpop-proof';
  const others = kinds.filter((kind) => !isProof(kind)).map(({ name }) => name);
  const verifier = createDpopProofVerifier({ clock });
  let tokens: TokenBuilder;
  /** Every kind, each with the key that signs it in its header: that alone makes no proof. */
  let carryingKeys: readonly Kind[];

  beforeAll(async () => {
    tokens = await createTokenBuilder({ ...context, clock });
    const jwk = publicJwk(tokens.key);
    carryingKeys = everyOtherKind({ ...context, publicJwk: jwk }).map((kind) => ({
      ...kind,
      header: { ...kind.header, jwk },
    }));
  });

  const kindNamed = (name: string) => carryingKeys.find((kind) => kind.name === name) as Kind;
  const verdictOn = (jwt: string) =>
    verifier.verify(jwt, request).then(
      ({ kind }) => kind,
      (error: unknown) => (isAssayError(error) ? error.failure.error : error),
    );

  it('[xprof-dpop-proof] accepts a DPoP proof, with its type only', async () => {
    const proof = kindNamed('DPoP proof');
    await expect(verdictOn(writtenBy(tokens, proof, proof.typ))).resolves.toBe('dpop-proof');
    await expect(verdictOn(writtenBy(tokens, proof, undefined))).resolves.toBe('invalid_dpop_proof');
  });

  it.each(others)('[rfc9449-4.3-4-typ] refuses %s, with its type and without', async (name) => {
    const kind = kindNamed(name);
    await expect(verdictOn(writtenBy(tokens, kind, kind.typ))).resolves.toBe('invalid_dpop_proof');
    await expect(verdictOn(writtenBy(tokens, kind, undefined))).resolves.toBe('invalid_dpop_proof');
  });

  it.each(others)('[rfc9449-4.3-3-required-parts] refuses %s with the type of a proof', async (name) => {
    const disguised = writtenBy(tokens, kindNamed(name), 'dpop+jwt');
    await expect(verdictOn(disguised)).resolves.toBe('invalid_dpop_proof');
  });

  it('[rfc9449-4.3-4-typ] refuses an access token', async () => {
    const jwk = publicJwk(tokens.key);
    await expect(verdictOn(tokens.accessToken())).resolves.toBe('invalid_dpop_proof');
    await expect(verdictOn(tokens.accessToken({}, { header: { jwk } }))).resolves.toBe('invalid_dpop_proof');
  });
});

/** Kinds whose own claims are all ordinary ones cannot be told once every required claim of an access token is added. */
function isTellable({ row }: Kind): boolean {
  return !['xprof-client-assertion', 'xprof-jwt-bearer', 'xprof-client-attestation'].includes(row);
}
