import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { Principal } from '../src/principal.js';
import { scopeList } from '../src/profiles/claim-reading.js';
import { createResourceServer } from '../src/resource-server.js';
import { nowSeconds, signedStatement } from './support/evidence.js';

const principalWith = (claims: Record<string, unknown>) => Principal.from(signedStatement(claims));

describe('Principal', () => {
  it('says in our words what the claims say in theirs', () => {
    const principal = principalWith({
      aud: ['https://api.example', 'https://other.example'],
      scope: 'orders:read orders:write',
      acr: 'urn:example:gold',
      amr: ['pwd', 'otp'],
      auth_time: nowSeconds - 60,
      txn: 'transaction-1',
      act: { sub: 'svc-b', client_id: 'client-b', act: { sub: 'svc-a', iss: 'https://partner.example' } },
      authorization_details: [{ type: 'payment', actions: ['initiate'] }],
    });
    expect(principal).toMatchObject({
      issuer: 'https://as.example',
      subject: 'user-1',
      subjectKind: 'user',
      clientId: 'client-1',
      audience: ['https://api.example', 'https://other.example'],
      scopes: ['orders:read', 'orders:write'],
      authentication: { acr: 'urn:example:gold', amr: ['pwd', 'otp'], authTime: nowSeconds - 60 },
      expiresAt: nowSeconds + 300,
      tokenId: 'token-1',
      transactionId: 'transaction-1',
      withheldScopes: [],
      actors: [
        { issuer: 'https://as.example', subject: 'svc-b', clientId: 'client-b' },
        { issuer: 'https://partner.example', subject: 'svc-a', clientId: undefined },
      ],
      authorizationDetails: [{ type: 'payment', actions: ['initiate'] }],
      fingerprint: 'AAAAAAAAAAAAAAAAAAAAAA',
    });
  });

  it('leaves out what the token does not say', () => {
    expect(principalWith({})).toMatchObject({
      scopes: [],
      authentication: { acr: undefined, amr: [], authTime: undefined },
      actors: [],
      authorizationDetails: [],
      confirmation: undefined,
      transactionId: undefined,
    });
  });

  it('makes nothing of optional claims of the wrong shape', () => {
    const principal = principalWith({
      auth_time: 'yesterday',
      txn: 7,
      scope: ['a'],
      amr: 'pwd',
      acr: {},
      act: [],
      authorization_details: {},
    });
    expect(principal).toMatchObject({
      scopes: [],
      actors: [],
      authorizationDetails: [],
      authentication: { acr: undefined, amr: [], authTime: undefined },
      transactionId: undefined,
    });
  });

  it.each([
    ['a client that acts for itself', { sub: 'client-1' }, 'client'],
    ['a client, whatever else is said', { sub: 'client-1', acr: 'x' }, 'client'],
    ['a user with auth_time', { auth_time: 1 }, 'user'],
    ['a user with acr', { acr: 'x' }, 'user'],
    ['a user with amr', { amr: ['pwd'] }, 'user'],
    ['somebody who cannot be told', {}, 'unknown'],
  ])('tells %s', (_who, claims, kind) => {
    expect(principalWith(claims).subjectKind).toBe(kind);
  });

  describe('hasScope', () => {
    const principal = principalWith({ scope: 'orders:read  admin ' });

    it.each(['orders:read', 'admin'])('is true of %s', (name) => {
      expect(principal.hasScope(name)).toBe(true);
    });

    it.each(['', ' ', 'orders', 'ORDERS:READ', 'orders:read admin', 'length', 'constructor'])(
      'is false of %j',
      (name) => {
        expect(principal.hasScope(name)).toBe(false);
      },
    );
  });

  it('is frozen through and through', () => {
    const principal = principalWith({
      scope: 'a',
      'x-vendor': { list: [{ deep: 1 }] },
      act: { sub: 'svc-a' },
      authorization_details: [{ type: 'payment', actions: ['read'] }],
    });
    const vendor = principal.claims['x-vendor'] as { list: [{ deep: number }] };
    const changes = [
      () => Object.assign(principal, { subject: 'other' }),
      () => (principal.scopes as string[]).push('admin'),
      () => (principal.audience as string[]).push('x'),
      () => Object.assign(principal.authentication, { acr: 'gold' }),
      () => (principal.authentication.amr as string[]).push('otp'),
      () => Object.assign(principal.claims, { scope: 'admin' }),
      () => vendor.list.push({ deep: 2 }),
      () => (vendor.list[0].deep = 2),
      () => Object.assign(principal, { hasScope: () => true }),
      () => (principal.withheldScopes as string[]).push('x'),
      () => (principal.actors as unknown[]).push({}),
      () => Object.assign(principal.actors[0] ?? {}, { subject: 'svc-admin' }),
      () => (principal.authorizationDetails as unknown[]).push({}),
      () => (principal.authorizationDetails[0]?.['actions'] as string[]).push('initiate'),
      () => (principalWith({}).actors as unknown[]).push({}),
      () => (principalWith({}).authorizationDetails as unknown[]).push({}),
      () => (principalWith({}).withheldScopes as string[]).push('x'),
    ];
    for (const change of changes) expect(change).toThrow(TypeError);
    expect(principal.hasScope('admin')).toBe(false);
  });

  it('keeps unknown claims as data of their own, and lets none change a prototype', () => {
    const claims = JSON.parse('{"__proto__":{"admin":true},"constructor":"x"}') as Record<string, unknown>;
    const principal = Principal.from({ ...signedStatement(), claims });
    expect(Object.keys(principal.claims)).toEqual(['__proto__', 'constructor']);
    expect(principal.claims['admin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  describe('of a real token', () => {
    let builder: TokenBuilder;
    let token: string;
    let principal: Principal;
    beforeAll(async () => {
      builder = await createTokenBuilder();
      token = builder.accessToken({ scope: 'a' });
      const api = createResourceServer({
        issuer: builder.issuer,
        audience: builder.audience,
        keys: builder.jwks,
      });
      principal = await api.authenticate({
        method: 'GET',
        url: '/',
        headers: { authorization: [`Bearer ${token}`] },
      });
    });

    it.each([
      ['JSON.stringify', (value: unknown) => JSON.stringify(value)],
      ['util.inspect', (value: unknown) => inspect(value, { depth: null, showHidden: true })],
      ['String', (value: unknown) => String(value)],
    ])('shows no part of it in %s', (_how, write) => {
      const written = write(principal);
      const [, payload = '', signature = ''] = token.split('.');
      expect(written).not.toContain(signature);
      expect(written).not.toContain(payload);
    });
  });
});

describe('scopeList', () => {
  it.each([
    ['a b', ['a', 'b']],
    ['  a   b ', ['a', 'b']],
    ['', []],
    [' ', []],
    ['a\tb', ['a\tb']],
    [undefined, []],
    [null, []],
    [['a'], []],
    [7, []],
  ])('of %j is %j', (scope, list) => {
    expect(scopeList(scope)).toEqual(list);
  });
});
