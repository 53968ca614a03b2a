import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  compatibilityPresets,
  createAccessTokenVerifier,
  createResourceServer,
  SetupError,
  type Claims,
  type CompatibilityName,
} from '@assay/core';
import { createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';

const audience = 'https://api.example';
const clock = fixedClock(1_800_000_000);
const iat = clock.nowSeconds();
const times = { iat, nbf: iat, exp: iat + 3600 };

/** An access token of the shape that the vendor's page shows, what it means, and how its ID token differs. */
interface Shape {
  readonly preset: CompatibilityName;
  readonly issuer: string;
  readonly typ: string | undefined;
  readonly claims: Claims;
  readonly principal: Record<string, unknown>;
  /** What makes it the vendor's ID token. */
  readonly idToken: Claims;
  /** A claim without which the token is refused. */
  readonly marker: string;
}

const shapes: readonly Shape[] = [
  {
    preset: 'auth0',
    issuer: 'https://tenant.eu.auth0.com/',
    typ: 'JWT',
    claims: {
      sub: 'auth0|123456',
      aud: [audience, 'https://tenant.eu.auth0.com/userinfo'],
      azp: 'my_client_id',
      scope: 'openid read:patients',
      iat,
      exp: iat + 3600,
    },
    principal: {
      subject: 'auth0|123456',
      clientId: 'my_client_id',
      scopes: ['openid', 'read:patients'],
      tokenId: '',
      subjectKind: 'unknown',
    },
    idToken: { nonce: 'n' },
    marker: 'azp',
  },
  {
    preset: 'okta',
    issuer: 'https://org.okta.com/oauth2/default',
    typ: undefined,
    claims: {
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      aud: audience,
      sub: 'john@example.com',
      cid: 'nmdP1fcyvdVO11AL7ECm',
      uid: '00uk1u7AsAk6dZL3z0g3',
      scp: ['openid', 'orders:read'],
      iat,
      exp: iat + 3600,
    },
    principal: {
      subject: 'john@example.com',
      clientId: 'nmdP1fcyvdVO11AL7ECm',
      scopes: ['openid', 'orders:read'],
      subjectKind: 'user',
    },
    idToken: { cid: undefined },
    marker: 'cid',
  },
  {
    preset: 'entra-v2',
    issuer: 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    typ: 'JWT',
    claims: {
      ...times,
      aud: audience,
      azp: '00001111-aaaa-2222-bbbb-3333cccc4444',
      azpacr: '0',
      oid: 'aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb',
      scp: 'access_as_user orders.read',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      tid: '72f988bf-86f1-41af-91ab-2d7cd011db47',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
    },
    principal: {
      clientId: '00001111-aaaa-2222-bbbb-3333cccc4444',
      scopes: ['access_as_user', 'orders.read'],
      tokenId: 'fqiBqXLPj0eQa82S-IYFAA',
      subjectKind: 'user',
    },
    idToken: { azp: undefined, scp: undefined },
    marker: 'azp',
  },
  {
    preset: 'entra-v1',
    issuer: 'https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/',
    typ: 'JWT',
    claims: {
      ...times,
      aud: audience,
      appid: '00001111-aaaa-2222-bbbb-3333cccc4444',
      appidacr: '1',
      idtyp: 'app',
      roles: ['Orders.Read.All'],
      sub: 'f3590ed1-52b3-4102-aeff-aad2292ab01c',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '1.0',
    },
    principal: {
      clientId: '00001111-aaaa-2222-bbbb-3333cccc4444',
      scopes: [],
      tokenId: 'fqiBqXLPj0eQa82S-IYFAA',
      subjectKind: 'client',
    },
    idToken: { appid: undefined },
    marker: 'appid',
  },
  {
    preset: 'cognito',
    issuer: 'https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example',
    typ: undefined,
    claims: {
      sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      client_id: audience,
      token_use: 'access',
      scope: 'openid orders/read',
      auth_time: iat,
      jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      username: 'my-test-user',
      iat,
      exp: iat + 3600,
    },
    principal: {
      clientId: audience,
      audience: [audience],
      scopes: ['openid', 'orders/read'],
      subjectKind: 'user',
    },
    idToken: { token_use: 'id', aud: audience },
    marker: 'token_use',
  },
  {
    preset: 'keycloak',
    issuer: 'https://sso.example/realms/shop',
    typ: 'JWT',
    claims: {
      jti: 'trrtcc:312ee6c4',
      aud: ['account', audience],
      sub: 'f3c1',
      typ: 'Bearer',
      azp: 'Shop-Batch',
      preferred_username: 'service-account-shop-batch',
      realm_access: { roles: ['default-roles-shop'] },
      scope: 'profile email',
      iat,
      exp: iat + 300,
    },
    principal: { clientId: 'Shop-Batch', scopes: ['profile', 'email'], subjectKind: 'client' },
    idToken: { typ: 'ID' },
    marker: 'azp',
  },
  {
    preset: 'google',
    issuer: 'https://accounts.google.com',
    typ: 'JWT',
    claims: {
      aud: audience,
      azp: '112010400000000710080',
      sub: '112010400000000710080',
      email: 'batch@project.iam.gserviceaccount.com',
      email_verified: true,
      iat,
      exp: iat + 3600,
    },
    principal: { clientId: '112010400000000710080', scopes: [], subjectKind: 'client' },
    idToken: { nonce: 'n' },
    marker: 'azp',
  },
];

async function expectCode(call: () => Promise<unknown>, code: string, more: object = {}): Promise<void> {
  await expect(call()).rejects.toMatchObject({ code, ...more });
}

describe.each(shapes)('the $preset preset', ({ preset, issuer, typ, claims, principal, idToken, marker }) => {
  let tokens: TokenBuilder;
  beforeAll(async () => {
    tokens = await createTokenBuilder({ issuer, audience, clock, alg: 'RS256' });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const only = { aud: undefined, sub: undefined, client_id: undefined, jti: undefined };
  const token = (changed: Claims = {}, header: Claims = {}) =>
    tokens.accessToken({ ...only, ...claims, ...changed }, { header: { typ, ...header } });
  const options = () => ({ issuer, audience, keys: tokens.jwks, clock });
  const relaxed = () => createAccessTokenVerifier({ ...options(), compatibility: preset });

  it("accepts a token of the vendor's shape and reads its claims", async () => {
    const api = createResourceServer({ ...options(), compatibility: preset });
    const request = { method: 'GET', url: '/', headers: { authorization: [`Bearer ${token()}`] } };
    await expect(api.authenticate(request)).resolves.toMatchObject({ issuer, ...principal });
  });

  it('is needed: without it the token is refused, and the operator is told once which preset may help', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const strict = createAccessTokenVerifier(options());
    await expectCode(() => strict.verify(token()), 'token.type-mismatch');
    await expectCode(() => strict.verify(token()), 'token.type-mismatch');
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining(`compatibility: '${preset}'`), { code: 'ASSAY_COMPATIBILITY_HINT' }],
    ]);
  });

  it("refuses the vendor's ID token", async () => {
    const refused = await relaxed()
      .verify(token(idToken))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: expect.stringMatching(/^token\.(type-mismatch|claim-invalid)$/) });
  });

  it(`refuses a token without ${marker}`, async () => {
    const refused = await relaxed()
      .verify(token({ [marker]: undefined }))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: expect.stringMatching(/^token\.(type-mismatch|claim-invalid)$/),
      claim: marker,
    });
  });

  it.each(['dpop+jwt', 'logout+jwt', 'oauth-id-jag+jwt', ''])('refuses typ %j', async (otherTyp) => {
    await expectCode(() => relaxed().verify(token({}, { typ: otherTyp })), 'token.type-mismatch');
  });

  it('still holds the token to audience, issuer, time and signature', async () => {
    const elsewhere = { aud: 'https://other.example', client_id: 'another' };
    await expectCode(() => relaxed().verify(token(elsewhere)), 'token.audience-mismatch');
    await expectCode(() => relaxed().verify(token({ exp: iat - 10 })), 'token.expired');
    await expectCode(() => relaxed().verify(token({ iss: `${issuer}x` })), 'token.issuer-unknown');
    await expectCode(() => relaxed().verify(`${token().slice(0, -8)}AAAAAAAA`), 'token.signature-invalid');
  });

  it('says what it relaxes and where the shape comes from', () => {
    const { source, relaxes, profile } = compatibilityPresets[preset];
    expect(source).toMatch(/^https:\/\//);
    expect(relaxes.length).toBeGreaterThan(0);
    expect(profile.name).not.toBe('access-token');
  });
});

describe('the compatibility option', () => {
  const setUp =
    (compatibility: unknown, more: object = {}) =>
    () =>
      createAccessTokenVerifier({
        issuer: 'https://as.example',
        audience,
        compatibility: compatibility as CompatibilityName,
        ...more,
      });

  it('refuses a preset that there is not, naming those that there are', () => {
    expect(setUp('autho')).toThrow(SetupError);
    expect(setUp('autho')).toThrow(/^compatibility: there is no such preset. Use one of auth0, cognito, /);
    expect(setUp('toString')).toThrow('there is no such preset');
  });

  it('refuses an end that is no date', () => {
    expect(setUp({ preset: 'okta', until: 'soon' })).toThrow('compatibility.until: it is not a date');
  });

  it('ends on its day: from then on the issuer is held to RFC 9068', async () => {
    const ticking = fixedClock(Date.parse('2027-06-29T23:59:59Z') / 1000);
    const tokens = await createTokenBuilder({ clock: ticking });
    const verifier = createAccessTokenVerifier({
      issuer: tokens.issuer,
      audience,
      keys: tokens.jwks,
      clock: ticking,
      compatibility: { preset: 'without-typ', until: '2027-06-30' },
    });
    const untyped = tokens.accessToken({}, { header: { typ: undefined } });
    await expect(verifier.verify(untyped)).resolves.toMatchObject({ kind: 'access-token' });
    ticking.advanceSeconds(1);
    await expectCode(() => verifier.verify(untyped), 'token.type-mismatch', { claim: 'typ' });
  });

  it('stands in the entry of its issuer, not beside a list of them', () => {
    const issuer = [{ issuer: 'https://as.example' }];
    expect(setUp('okta', { issuer })).toThrow('Move compatibility into the entry of its issuer.');
  });
});
