import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createTokenBuilder, fixedClock, type FixedClock, type TokenBuilder } from '@assay/testing';
import type { AssayError } from '../../src/assay-error.js';
import type { Claims } from '../../src/evidence.js';
import type { IntrospectionOptions } from '../../src/introspection/introspection-options.js';
import { accessToken } from '../../src/profiles/access-token.js';
import { defineProfile } from '../../src/profiles/define-profile.js';
import type { RequestView } from '../../src/request-view.js';
import { introspection } from '../../src/requirements/introspection.js';
import { scope } from '../../src/requirements/scope.js';
import {
  createResourceServer,
  type ResourceServer,
  type ResourceServerOptions,
} from '../../src/resource-server.js';
import { claimEquals } from '../../src/rules/claim-equals.js';
import { nowSeconds } from '../support/evidence.js';
import { expectRefusal, thrownBy } from '../support/refusal.js';

const audience = 'https://api.example';
const endpoint = 'https://as.example/introspect';

let clock: FixedClock;
let builder: TokenBuilder;
/** What the endpoint says of a token, and of which it was asked. */
let said: Map<string, unknown>;
let asked: string[];

beforeEach(async () => {
  clock = fixedClock(nowSeconds);
  builder = await createTokenBuilder({ audience, clock });
  said = new Map();
  asked = [];
});

function start(
  introspected: Partial<IntrospectionOptions> = {},
  settings: Partial<ResourceServerOptions> = {},
): ResourceServer {
  return createResourceServer({
    issuer: builder.issuer,
    audience,
    keys: builder.jwks,
    clock,
    leewaySeconds: 0,
    introspection: {
      endpoint,
      clientAuthentication: () => ({}),
      fetch: (_url, { body }) => {
        const token = new URLSearchParams(body as string).get('token') ?? '';
        asked.push(token);
        const answer = said.has(token) ? said.get(token) : { active: false };
        return answer === undefined
          ? Promise.reject(new TypeError('fetch failed'))
          : Promise.resolve(Response.json(answer));
      },
      ...introspected,
    },
    ...settings,
  });
}

const requestWith = (token: string): RequestView => ({
  method: 'GET',
  url: '/orders',
  headers: { authorization: [`Bearer ${token}`] },
});
const say = (token: string, members: Claims = {}) => said.set(token, { active: true, ...members });
const fresh = introspection();

describe('where a route requires it', () => {
  it('asks about the tokens of that route, and about no other', async () => {
    const api = start();
    const token = builder.accessToken();
    say(token);
    const principal = await api.authenticate(requestWith(token));
    await api.authorize(principal, scope('orders:read')).catch(() => undefined);
    await api.ensureCurrent(principal);
    expect(asked).toEqual([]);
    await expect(api.authorize(principal, fresh)).resolves.toBe(principal);
    expect(asked).toEqual([token]);
  });

  it('asks about nothing that is refused without asking', async () => {
    const api = start();
    for (const [token, code] of [
      [builder.accessToken({ exp: nowSeconds }), 'token.expired'],
      [builder.accessToken({}, { header: { typ: 'JWT' } }), 'token.type-mismatch'],
      ['opaque', 'token.malformed'],
    ] as const) {
      const error = await thrownBy(() => api.authenticate(requestWith(token)));
      expect((error as AssayError).code).toBe(code);
    }
    expect(asked).toEqual([]);
  });

  it('refuses a token that is active no more', async () => {
    const api = start();
    const token = builder.accessToken();
    const principal = await api.authenticate(requestWith(token));
    said.set(token, { active: false, ...builder.claims() });
    await expectRefusal(() => api.authorize(principal, fresh), 'token.inactive');
  });

  it('is an outage where the endpoint cannot be asked, and never fine', async () => {
    const api = start({ cacheSeconds: 300 });
    const token = builder.accessToken();
    const principal = await api.authenticate(requestWith(token));
    said.set(token, undefined);
    await expectRefusal(() => api.authorize(principal, fresh), 'service.introspection-unavailable');
    await expectRefusal(() => api.authorize(principal, fresh), 'service.introspection-unavailable');
    expect(asked).toHaveLength(2);
    say(token);
    await expect(api.authorize(principal, fresh)).resolves.toBe(principal);
  });

  it.each([
    ['sub', 'user-2'],
    ['client_id', 'client-2'],
    ['iss', 'https://other.example'],
  ])('refuses an answer with another %s', async (claim, value) => {
    const api = start();
    const token = builder.accessToken();
    const principal = await api.authenticate(requestWith(token));
    say(token, { [claim]: value });
    await expectRefusal(() => api.authorize(principal, fresh), 'token.introspection-mismatch', {
      claim,
      reason: 'mismatch',
    });
  });

  it('grants no scope beyond those that both the token and the answer grant', async () => {
    const api = start();
    const token = builder.accessToken({ scope: 'read write' });
    const principal = await api.authenticate(requestWith(token));
    say(token, { scope: 'read admin' });
    const limited = await api.authorize(principal, [scope('read'), fresh]);
    expect(limited.scopes).toEqual(['read']);
    // The order in which requirements stand makes no difference.
    for (const requirements of [
      [scope('write'), fresh],
      [fresh, scope('write')],
      [fresh, scope('admin')],
    ]) {
      await expectRefusal(() => api.authorize(principal, requirements), 'scope.insufficient', {
        claim: 'scope',
        reason: 'mismatch',
      });
    }
  });

  it('counts what the answer took away from then on, whichever principal is asked about', async () => {
    const api = start();
    const token = builder.accessToken({ scope: 'read write' });
    const principal = await api.authenticate(requestWith(token));
    await expect(api.authorize(principal, scope('write'))).resolves.toBe(principal);
    say(token, { scope: 'read' });
    const limited = await api.authorize(principal, fresh);
    await expectRefusal(() => api.authorize(principal, scope('write')), 'scope.insufficient', {
      claim: 'scope',
      reason: 'mismatch',
    });
    await expect(api.authorize(limited, [fresh, scope('read')])).resolves.toBe(limited);
    clock.advanceSeconds(1);
    await expect(api.authorize(principal, [fresh, scope('read')])).resolves.toBe(limited);
    say(token, { scope: 'read write' });
    clock.advanceSeconds(1);
    await expect(api.authorize(limited, [fresh, scope('write')])).resolves.toMatchObject({
      scopes: ['read', 'write'],
    });
  });

  it('asks once for one request, and again for a later one on the same connection', async () => {
    const api = start();
    const token = builder.accessToken();
    say(token);
    const principal = await api.authenticate(requestWith(token));
    await api.authorize(principal, [fresh, introspection()]);
    await api.authorize(principal, fresh);
    expect(asked).toHaveLength(1);
    clock.advanceSeconds(1);
    await api.authorize(principal, fresh);
    expect(asked).toHaveLength(2);
    await api.authorize(await api.authenticate(requestWith(token)), fresh);
    expect(asked).toHaveLength(3);
  });

  it('asks once while an answer is kept', async () => {
    const api = start({ cacheSeconds: 30 });
    const token = builder.accessToken();
    say(token, { exp: nowSeconds + 300 });
    for (let count = 0; count < 3; count += 1) {
      await api.authorize(await api.authenticate(requestWith(token)), fresh);
    }
    expect(asked).toHaveLength(1);
    clock.advanceSeconds(30);
    await api.authorize(await api.authenticate(requestWith(token)), fresh);
    expect(asked).toHaveLength(2);
  });

  it('takes a token that was inactive once for gone, on the whole connection', async () => {
    const api = start();
    const token = builder.accessToken();
    const principal = await api.authenticate(requestWith(token));
    await expectRefusal(() => api.authorize(principal, fresh), 'token.inactive');
    say(token);
    clock.advanceSeconds(5);
    await expectRefusal(() => api.ensureCurrent(principal), 'token.inactive');
    await expectRefusal(() => api.authorize(principal, fresh), 'token.inactive');
    expect(asked).toHaveLength(1);
  });

  it('judges the answer for the audience of the request', async () => {
    const other = 'https://reports.example';
    const api = start({}, { audience: [audience, other], audienceOf: () => audience });
    const token = builder.accessToken({ aud: [audience, other] });
    const principal = await api.authenticate(requestWith(token));
    say(token, { aud: other });
    await expectRefusal(() => api.authorize(principal, fresh), 'token.audience-mismatch', {
      claim: 'aud',
      reason: 'mismatch',
    });
  });

  it('is a failure of ours where nobody can be asked', async () => {
    const without = createResourceServer({ issuer: builder.issuer, audience, keys: builder.jwks, clock });
    const principal = await without.authenticate(requestWith(builder.accessToken()));
    const error = await expectRefusal(
      () => without.authorize(principal, fresh),
      'service.introspection-not-configured',
    );
    expect(error.status).toBe(500);
    expect((error.cause as Error).message).toContain('Give the resource server introspection:');
  });

  it('is a failure of ours for an issuer that cannot be asked', async () => {
    const second = await createTokenBuilder({ issuer: 'https://other.example', audience, clock });
    const issuer = [
      { issuer: builder.issuer, keys: builder.jwks },
      { issuer: second.issuer, keys: second.jwks },
    ];
    const api = createResourceServer({
      issuer,
      audience,
      clock,
      introspection: { endpoint, clientAuthentication: () => ({}), issuer: builder.issuer },
    });
    const principal = await api.authenticate(requestWith(second.accessToken()));
    await expectRefusal(() => api.authorize(principal, fresh), 'service.introspection-not-configured');
  });

  it('is not met by a principal that another resource server has made', async () => {
    const principal = await start().authenticate(requestWith(builder.accessToken()));
    await expectRefusal(() => start().authorize(principal, fresh), 'service.introspection-not-configured');
    expect(asked).toEqual([]);
  });

  it('leaves no token on the principal', async () => {
    const token = builder.accessToken();
    say(token, { scope: '' });
    const api = start();
    const principal = await api.authenticate(requestWith(token));
    const limited = await api.authorize(principal, fresh);
    for (const value of [principal, limited]) {
      const text = inspect(value, { depth: Infinity, showHidden: true }) + JSON.stringify(value);
      for (const part of token.split('.')) expect(text).not.toContain(part);
    }
  });
});

describe('the requirement by itself', () => {
  it('lets nobody pass who was not asked about', async () => {
    const principal = await start().authenticate(requestWith(builder.accessToken()));
    const context = { nowSeconds, leewaySeconds: 0, audiences: [audience] };
    const codeOf = async (introspected: unknown) =>
      (await fresh.check(principal, { ...context, introspected } as typeof context))?.code;
    await expect(codeOf(undefined)).resolves.toBe('service.introspection-not-configured');
    await expect(codeOf({ ...JSON.parse(JSON.stringify(principal)) })).resolves.toBe(
      'service.introspection-not-configured',
    );
    await expect(codeOf(principal)).resolves.toBeUndefined();
  });
});

describe('of every token', () => {
  it('asks about each JWT that is good, and lets none pass that is not active', async () => {
    const api = start({ use: 'every-token' });
    const [good, revoked] = [builder.accessToken(), builder.accessToken()];
    say(good);
    await expect(api.authenticate(requestWith(good))).resolves.toMatchObject({ subject: 'user-1' });
    await expectRefusal(() => api.authenticate(requestWith(revoked)), 'token.inactive');
    const expired = builder.accessToken({ exp: nowSeconds });
    const error = await thrownBy(() => api.authenticate(requestWith(expired)));
    expect((error as AssayError).code).toBe('token.expired');
    expect(asked).toEqual([good, revoked]);
  });

  it('makes the principal no more than both grant', async () => {
    const api = start({ use: 'every-token' });
    const token = builder.accessToken({ scope: 'read write' });
    say(token, { scope: 'read' });
    await expect(api.authenticate(requestWith(token))).resolves.toMatchObject({ scopes: ['read'] });
  });

  it('asks again while a connection is open', async () => {
    const api = start({ use: 'every-token' });
    const token = builder.accessToken();
    say(token);
    const principal = await api.authenticate(requestWith(token));
    await api.ensureCurrent(principal);
    expect(asked).toHaveLength(1);
    clock.advanceSeconds(1);
    await api.ensureCurrent(principal);
    expect(asked).toHaveLength(2);
    said.delete(token);
    clock.advanceSeconds(1);
    await expectRefusal(() => api.ensureCurrent(principal), 'token.inactive');
  });

  it('takes opaque tokens, too, and asks once for a request', async () => {
    const api = start({ use: 'every-token' });
    say('opaque', builder.claims());
    const principal = await api.authenticate(requestWith('opaque'));
    await api.authorize(principal, fresh);
    expect(principal.subject).toBe('user-1');
    expect(asked).toEqual(['opaque']);
  });

  it('shows in an appraisal', async () => {
    const api = start({ use: 'every-token' });
    const token = builder.accessToken();
    const { outcome, lines } = await api.appraise(requestWith(token));
    expect(outcome).toBe('rejected');
    expect(lines.at(-1)).toMatchObject({ verdict: 'rejected', code: 'token.inactive' });
    await expect(api.appraise(token)).resolves.toMatchObject({ outcome: 'rejected' });
    say(token);
    await expect(api.appraise(token)).resolves.toMatchObject({ outcome: 'accepted' });
  });
});

describe('of opaque tokens', () => {
  const startOpaque = (introspected: Partial<IntrospectionOptions> = {}, settings = {}) =>
    start({ use: 'opaque-tokens', ...introspected }, settings);

  it('is the only thing that tells what they are; JWTs are verified as always', async () => {
    const api = startOpaque();
    say('opaque', { ...builder.claims(), scope: 'read' });
    await expect(api.authenticate(requestWith('opaque'))).resolves.toMatchObject({
      issuer: builder.issuer,
      subject: 'user-1',
      clientId: 'client-1',
      scopes: ['read'],
      audience: [audience],
    });
    await api.authenticate(requestWith(builder.accessToken()));
    expect(asked).toEqual(['opaque']);
  });

  it('is no way around the rules for JWTs', async () => {
    const api = startOpaque();
    const token = builder.accessToken({}, { header: { typ: 'JWT' } });
    say(token, builder.claims());
    const error = await thrownBy(() => api.authenticate(requestWith(token)));
    expect((error as AssayError).code).toBe('token.type-mismatch');
    expect(asked).toEqual([]);
  });

  it('is not asked about what is longer than any token', async () => {
    const api = startOpaque();
    await expectRefusal(() => api.authenticate(requestWith('a'.repeat(16_385))), 'token.too-large');
    expect(asked).toEqual([]);
    await expectRefusal(() => api.authenticate(requestWith('a'.repeat(16_384))), 'token.inactive');
  });

  it('needs a subject, unless the configuration takes the client for it', async () => {
    const members = { ...builder.claims(), sub: undefined };
    say('opaque', members);
    const refused = await thrownBy(() => startOpaque().authenticate(requestWith('opaque')));
    expect(refused).toMatchObject({ code: 'token.claim-invalid', claim: 'sub', reason: 'missing' });
    const api = startOpaque({ missingSubject: 'client' });
    await expect(api.authenticate(requestWith('opaque'))).resolves.toMatchObject({
      subject: 'client-1',
      subjectKind: 'client',
    });
  });

  it('holds them to the rules and the subjects of their issuer', async () => {
    const profile = defineProfile({
      name: 'acme',
      extends: accessToken,
      rules: [claimEquals('tenant', 'acme')],
    });
    const acceptsSubject = (subject: string) => subject === 'user-1';
    const api = startOpaque({}, { profile, acceptsSubject });
    const outcomeOf = async (members: Claims) => {
      say('opaque', { ...builder.claims(), tenant: 'acme', ...members });
      return api.authenticate(requestWith('opaque')).then(
        () => 'accepted',
        (error: unknown) => (error as AssayError).code,
      );
    };
    await expect(outcomeOf({})).resolves.toBe('accepted');
    await expect(outcomeOf({ tenant: 'other' })).resolves.toBe('token.type-mismatch');
    await expect(outcomeOf({ sub: 'user-2' })).resolves.toBe('token.subject-refused');
  });

  it('asks an issuer that a resolver names', async () => {
    const { issuer, jwks } = builder;
    const resolver = (trusted: boolean) => ({
      resolve: (identifier: string) =>
        trusted && identifier === issuer ? { issuer, audience, keys: jwks } : undefined,
    });
    say('opaque', builder.claims());
    const settings = (trusted: boolean) => ({ issuer: resolver(trusted), keys: undefined as never });
    const api = startOpaque({ issuer }, settings(true));
    await expect(api.authenticate(requestWith('opaque'))).resolves.toMatchObject({ subject: 'user-1' });
    const untrusted = startOpaque({ issuer }, settings(false));
    await expectRefusal(() => untrusted.authenticate(requestWith('opaque')), 'service.issuers-unavailable');
    expect(asked).toHaveLength(1);
  });

  it('asks again while a connection is open, and ends it with the token', async () => {
    const api = startOpaque();
    say('opaque', builder.claims());
    const principal = await api.authenticate(requestWith('opaque'));
    clock.advanceSeconds(1);
    await api.ensureCurrent(principal);
    said.delete('opaque');
    clock.advanceSeconds(1);
    await expectRefusal(() => api.ensureCurrent(principal), 'token.inactive');
    expect(asked).toHaveLength(3);
  });

  it('shows in an appraisal: that the token is active, and each rule', async () => {
    const api = startOpaque();
    say('opaque', builder.claims());
    const good = await api.appraise(requestWith('opaque'));
    expect(good.outcome).toBe('accepted');
    expect(good.profile).toBe('introspected-token');
    expect(good.lines.map(({ guarantees }) => guarantees)).toContain(
      'its issuer says that the token is active',
    );
    say('opaque', { ...builder.claims(), exp: nowSeconds });
    const expired = await api.appraise('opaque');
    expect(expired.outcome).toBe('rejected');
    expect(expired.lines.filter(({ verdict }) => verdict === 'rejected')).toMatchObject([
      { code: 'token.expired' },
    ]);
    said.set('opaque', undefined);
    await expect(api.appraise('opaque')).resolves.toMatchObject({ outcome: 'undetermined' });
    said.delete('opaque');
    const inactive = await api.appraise('opaque');
    expect(inactive).toMatchObject({ outcome: 'rejected' });
    expect(inactive.lines.map(({ verdict }) => verdict)).toContain('not reached');
    expect(String(inactive)).not.toContain('opaque');
  });
});
