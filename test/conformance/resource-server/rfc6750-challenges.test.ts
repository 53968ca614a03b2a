import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AssayError,
  createResourceServer,
  failures,
  scope,
  SetupError,
  type FailureCode,
  type KeySource,
} from '@assay/core';
import { requireScope } from '@assay/express';
import {
  expectChallenge,
  expectInvalidToken,
  invalidRequest,
  invalidToken,
  noCredentials,
  type ExpectedChallenge,
} from '../support/expect-outcome.js';
import { parseChallenges } from '../support/parse-challenges.js';
import {
  baselineBuilder,
  closeProtectedApis,
  nowSeconds,
  startProtectedApi,
  type ProtectedApi,
} from '../support/protected-api.js';
import type { RawRequest } from '../support/raw-http.js';

describe('RFC 6750, challenges', () => {
  let api: ProtectedApi;
  let handled = 0;
  beforeAll(async () => {
    api = await startProtectedApi({
      routes: (app) => {
        app.get('/scoped', requireScope('a', 'b'), (_request, response) => {
          handled += 1;
          response.json({});
        });
        app.get('/undisclosed', requireScope(['a', 'b'], { disclosed: false }), (_request, response) => {
          handled += 1;
          response.json({});
        });
      },
    });
  });
  afterAll(closeProtectedApis);

  const bearer = (token: string) => [`Authorization: Bearer ${token}`];

  it.each<[string, ExpectedChallenge, () => RawRequest]>([
    ['without credentials', noCredentials, () => ({})],
    ['with an invalid token', invalidToken, () => ({ lines: bearer('x') })],
    [
      'without the scope',
      { status: 403, error: 'insufficient_scope' },
      () => ({ target: '/undisclosed', lines: bearer(api.builder.accessToken()) }),
    ],
    ['that is malformed', invalidRequest, () => ({ lines: ['Authorization: Bearer a b'] })],
  ])(
    '[rfc6750-3-challenge] a request %s is challenged with a realm at least',
    async (_how, expected, request) => {
      const answer = await api.send(request());
      expectChallenge(answer, expected);
      expect(answer.headers['www-authenticate']?.[0]).toMatch(/^Bearer realm="https:\/\/api\.example"/);
    },
  );

  describe('a bad token', () => {
    it.each<[string, FailureCode, () => string]>([
      [
        'that has expired',
        'token.expired',
        () => api.builder.accessToken({ iat: nowSeconds - 600, exp: nowSeconds - 300 }),
      ],
      ['that is malformed', 'token.malformed', () => 'not.a.token'],
    ])('%s is told so, in words that are always the same', async (_how, code, make) => {
      await expectInvalidToken(api, make(), code);
    });

    it('that is wrongly signed is told so, in words that are always the same', async () => {
      const { key } = await baselineBuilder(api.clock);
      await expectInvalidToken(api, api.builder.accessToken({}, { key }), 'token.signature-invalid');
    });
  });

  it.each([undefined, 'a', 'b', 'A B', 'ab'])(
    '[rfc6750-3.1-insufficient-scope] a token with the scope %p lacks some of "a b", and is told which',
    async (granted) => {
      const before = handled;
      const answer = await api.sendToken(api.builder.accessToken({ scope: granted }), '/scoped');
      expectChallenge(answer, { status: 403, error: 'insufficient_scope', scope: 'a b' });
      expect(handled).toBe(before);
    },
  );

  it('[rfc6750-3.1-insufficient-scope] a token lacks the scope, and is not told which where that is undisclosed', async () => {
    const before = handled;
    const answer = await api.sendToken(api.builder.accessToken({ scope: 'a' }), '/undisclosed');
    expectChallenge(answer, { status: 403, error: 'insufficient_scope' });
    expect(handled).toBe(before);
  });

  it.each(['/scoped', '/undisclosed'])('a token with the scope passes %s', async (target) => {
    const answer = await api.sendToken(api.builder.accessToken({ scope: 'b c a' }), target);
    expect(answer.status).toBe(200);
  });

  it('each parameter stands once, and realm and scopes with spaces survive a strict parser', async () => {
    const spaced = await startProtectedApi({
      builder: api.builder,
      settings: { realm: 'the orders API, v2' },
      routes: (app) => {
        app.get('/scoped', requireScope('a', 'b'), (_request, response) => response.json({}));
      },
    });
    const answer = await spaced.sendToken(api.builder.accessToken(), '/scoped');
    expectChallenge(answer, {
      status: 403,
      error: 'insufficient_scope',
      realm: 'the orders API, v2',
      scope: 'a b',
    });
  });

  describe('hostile texts', () => {
    const hostile = 'x"\\ \r\nSet-Cookie: stolen=1 🎈';
    const options = () => {
      const { issuer, audience, jwks: keys } = api.builder;
      return { issuer, audience, keys };
    };

    it('[rfc6750-3-charset] a realm with quotes and a backslash is escaped', async () => {
      const realm = 'the "orders" \\ API';
      const quoted = await startProtectedApi({ builder: api.builder, settings: { realm } });
      const answer = await quoted.send({});
      expectChallenge(answer, { ...noCredentials, realm });
      expect(answer.headers['www-authenticate']).toEqual([String.raw`Bearer realm="the \"orders\" \\ API"`]);
    });

    it.each(['a\r\nSet-Cookie: x=1', 'a\nb', 'a\rb', 'a 🎈', 'é', 'a\u0000', 'a\tb'])(
      '[rfc6750-3-charset] the realm %j stops the start',
      (realm) => {
        const start = () => createResourceServer({ ...options(), realm });
        expect(start).toThrow(SetupError);
        expect(start).toThrow('realm: it cannot stand in a WWW-Authenticate header.');
      },
    );

    it.each(['a"b', 'a\\b', 'a\r\nSet-Cookie: x=1', 'a 🎈', 'a b', 'é'])(
      '[rfc6750-3-charset] the scope %j stops the start',
      (name) => {
        for (const make of [() => scope(name), () => requireScope(name)]) {
          expect(make).toThrow(SetupError);
          expect(make).toThrow(`scope: ${JSON.stringify(name)} cannot be a scope.`);
        }
      },
    );

    it('[rfc6750-3-charset] the scopes of an error that the application made are left out where they are none', () => {
      const error = new AssayError('scope.insufficient', {
        requiredScopes: [hostile, 'a"b', 'a\\b', 'orders:read'],
      });
      const header = api.resourceServer.challenge(error).headers['WWW-Authenticate'] ?? '';
      expect(parseChallenges(header)[0]?.parameters['scope']).toBe('orders:read');
    });

    it('[rfc6750-3-charset] the text of an exception reaches neither header nor body', async () => {
      const keys: KeySource = {
        find: () => {
          throw new Error(hostile);
        },
        ready: () => Promise.resolve(),
      };
      const failing = await startProtectedApi({ builder: api.builder, settings: { keys } });
      const answer = await failing.sendToken(api.builder.accessToken());
      expect(answer.status).toBe(503);
      expect(answer.text).not.toMatch(/stolen|🎈|x"/);
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.challenges).toEqual([]);
    });

    it.each(Object.keys(failures) as FailureCode[])(
      '[rfc6750-3-charset] the words for %s stay within the characters of RFC 6750, whatever the error carries',
      (code) => {
        const error = new AssayError(code, { claim: hostile, profile: hostile, cause: new Error(hostile) });
        const { headers, body } = api.resourceServer.challenge(error);
        const [parameters = {}] = parseChallenges(headers['WWW-Authenticate'] ?? 'Bearer').map(
          (challenge) => challenge.parameters,
        );
        for (const text of [parameters['error'], parameters['error_description'], ...Object.values(body)]) {
          expect(text ?? '').toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
        }
        expect(JSON.stringify({ headers, body })).not.toContain('stolen');
      },
    );
  });
});
