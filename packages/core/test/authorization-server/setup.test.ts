import { describe, expect, it } from '@jest/globals';
import { createJwtBearerGrantVerifier, SetupError } from '@assay/core';
import {
  createAuthorizationServer,
  createTokenIssuer,
  type ResourceOptions,
} from '@assay/core/authorization-server';
import { fixedClock, publicJwk } from '@assay/testing';
import {
  assertion,
  discovered,
  issuer,
  nowSeconds,
  orders,
  partner,
  partnerKey,
  requiringClient,
  resource,
  serverKey,
  serverOptions,
} from './support/token-endpoint.js';

function expectSetupError(create: () => unknown, option: string, remedy: RegExp): void {
  expect(create).toThrow(SetupError);
  expect(create).toThrow(remedy);
  let caught: unknown;
  try {
    create();
  } catch (error) {
    caught = error;
  }
  expect((caught as SetupError).option).toBe(option);
}

const create = (changes: Readonly<Record<string, unknown>>) => () =>
  createAuthorizationServer({ ...serverOptions(), ...changes });

const withEntry = (changes: object) => create({ assertionIssuers: [{ ...partner, ...changes }] });

describe('the set-up of an authorization server', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    ['no options', () => createAuthorizationServer(undefined as never), 'options', /object/],
    ['a misspelt option', create({ store: {} }), 'store', /Did you mean stores/],
    ['clientIds, which it knows itself', create({ clientIds: [] }), 'clientIds', /Did you mean clients/],
    ['no keys', create({ keys: [] }), 'keys', /generateSigningJwk/],
    ['keys that are no list', create({ keys: serverKey }), 'keys', /private JWK/],
    ['no stores', create({ stores: undefined }), 'stores', /inMemoryStores\(\)/],
    ['a leeway of 301 seconds', create({ leewaySeconds: 301 }), 'leewaySeconds', /in seconds/],
    ['no assertion issuers', create({ assertionIssuers: [] }), 'assertionIssuers', /Name at least one/],
    ['assertion issuers that are no list', create({ assertionIssuers: partner }), 'assertionIssuers', /Name/],
  ])('refuses %s', (_form, make, option, remedy) => {
    expectSetupError(make, option, remedy);
  });

  it.each<[string, object, string, RegExp]>([
    ['a misspelt option', { subject: ['s'] }, 'subject', /Did you mean subjects/],
    ['an empty issuer', { issuer: '' }, 'issuer', /exactly/],
    ['no subjects', { subjects: undefined }, 'subjects', /List the subjects/],
    ['an empty list of subjects', { subjects: [] }, 'subjects', /List the subjects/],
    ['an empty subject', { subjects: ['robot-1', ''] }, 'subjects[1]', /Write out/],
    ['a subject that is no text', { subjects: [1] }, 'subjects[0]', /Write out/],
    ['a wildcard for a subject', { subjects: ['*'] }, 'subjects[0]', /no wildcards/],
    ['a pattern for a subject', { subjects: ['repo:org/*'] }, 'subjects[0]', /no wildcards/],
    ['no keys for a name that is no URL', { keys: undefined }, 'keys', /Give keys/],
    ['no keys for a plain http URL', { issuer: 'http://ci.example', keys: undefined }, 'keys', /Give keys/],
    [
      'no keys for a URL with a query',
      { issuer: 'https://ci.example?x', keys: undefined },
      'keys',
      /Give keys/,
    ],
    ['an unknown audience', { audience: 'token-endpoint' }, 'audience', /issuer-or-token-endpoint/],
    ['a maximum lifetime of nothing', { maximumLifetimeSeconds: 0 }, 'maximumLifetimeSeconds', /positive/],
    ['singleUse that is no boolean', { singleUse: 'no' }, 'singleUse', /true or false/],
    ['an algorithm that is a MAC', { algorithms: ['HS256'] }, 'algorithms', /RS256/],
    ['no scopes', { scopes: undefined }, 'scopes', /list/i],
    ['a scope with a space', { scopes: ['a b'] }, 'scopes', /without spaces/],
    ['a negative grace', { graceSeconds: -1 }, 'graceSeconds', /Leave it out/],
    ['a grace that is no number', { graceSeconds: NaN }, 'graceSeconds', /Leave it out/],
    [
      'a client that need not authenticate and has no name',
      { clientId: undefined },
      'clientId',
      /identifier/,
    ],
    ['a client beside required authentication', { requireClient: true }, 'clientId', /requireClient: false/],
    [
      'a client where authentication is required by default',
      { requireClient: undefined },
      'clientId',
      /requireClient: false/,
    ],
    ['requireClient that is no boolean', { requireClient: 'no' }, 'requireClient', /requireClient: false/],
  ])('refuses an assertion issuer with %s', (_form, changes, option, remedy) => {
    expectSetupError(withEntry(changes), `assertionIssuers[0].${option}`, remedy);
  });

  it.each<[string, object]>([
    ['a wildcard', { subjects: ['*'] }],
    ['an empty subject', { subjects: [''] }],
    ['no subject at all', { subjects: undefined }],
  ])('[wif-no-wildcard-only] refuses a rule with %s, and names the rule', (_form, changes) => {
    expect(withEntry(changes)).toThrow(SetupError);
    expect(withEntry(changes)).toThrow('assertionIssuers[0].subjects');
  });

  it('refuses one assertion issuer twice', () => {
    expectSetupError(create({ assertionIssuers: [partner, partner] }), 'assertionIssuers[1].issuer', /Merge/);
  });

  it.each([
    ['an https URL', { ...discovered, issuer: 'https://ci.example' }, {}],
    [
      'loopback, where that is allowed',
      { ...discovered, issuer: 'http://127.0.0.1:1' },
      { allowInsecureLoopback: true },
    ],
    ['a name with keys', partner, {}],
    ['an entry that requires a client', requiringClient, {}],
  ])('accepts an assertion issuer that is %s', (_form, entry, changes) => {
    expect(create({ assertionIssuers: [entry], ...changes })).not.toThrow();
  });

  it('is ready once keys and trust can be used', async () => {
    await expect(create({})().ready()).resolves.toBeUndefined();
    const unreachable = { ...discovered, issuer: 'http://127.0.0.1:1' };
    const server = create({ assertionIssuers: [unreachable], allowInsecureLoopback: true })();
    await expect(server.ready()).rejects.toMatchObject({ code: 'service.keys-unavailable' });
  });
});

describe('the set-up of resources', () => {
  const withResources = (...resources: readonly unknown[]) => create({ resources });

  it.each<[string, () => unknown, string, RegExp]>([
    ['none', withResources(), 'resources', /Name at least one/],
    ['no list', create({ resources: orders }), 'resources', /Name at least one/],
    [
      'a misspelt option',
      withResources({ ...orders, scope: [] }),
      'resources[0].scope',
      /Did you mean scopes/,
    ],
    ['a relative identifier', withResources({ resource: '/api' }), 'resources[0].resource', /identifier/],
    [
      'an identifier with a fragment',
      withResources({ resource: 'https://a.example/#x' }),
      'resources[0].resource',
      /identifier/,
    ],
    [
      'an empty audience',
      withResources({ ...orders, audience: '' }),
      'resources[0].audience',
      /Leave it out/,
    ],
    [
      'a scope that cannot be one',
      withResources({ ...orders, scopes: ['a"b'] }),
      'resources[0].scopes',
      /quotes/,
    ],
    [
      'a lifetime of nothing',
      withResources({ ...orders, accessTokenLifetimeSeconds: 0 }),
      'resources[0].accessTokenLifetimeSeconds',
      /positive/,
    ],
    [
      'an unknown default',
      create({ defaultResource: 'https://x.example' }),
      'defaultResource',
      /https:\/\/api\.example/,
    ],
  ])('refuses %s', (_form, make, option, remedy) => {
    expectSetupError(make, option, remedy);
  });

  const second = (changes: Partial<ResourceOptions>) =>
    withResources(orders, { resource: 'https://second.example', ...changes });

  it.each<[string, () => unknown, string, RegExp]>([
    ['another resource', second({ resource }), 'resources[1].resource', /of its own/],
    [
      'the audience of another resource',
      second({ audience: resource }),
      'resources[1].resource',
      /of its own/,
    ],
    [
      'a resource, as its audience',
      withResources(
        { ...orders, audience: 'https://second.example' },
        { resource: 'https://second.example' },
      ),
      'resources[1].resource',
      /of its own/,
    ],
    ['the issuer', withResources({ resource: issuer }), 'resources[0].resource', /of its own/],
    [
      'the issuer, by its audience',
      withResources({ resource, audience: issuer }),
      'resources[0].resource',
      /of its own/,
    ],
    [
      'a client',
      withResources({ resource, audience: partner.clientId }),
      'resources[0].resource',
      /no client has/,
    ],
  ])('[rfc9068-5-distinct-aud] refuses a resource that is called like %s', (_form, make, option, remedy) => {
    expectSetupError(make, option, remedy);
  });

  it('[rfc9068-5-distinct-aud] refuses a resource that is called like a client that is given', () => {
    const options = { issuer, keys: [serverKey], resources: [orders], clientIds: [resource] };
    expectSetupError(() => createTokenIssuer(options), 'resources[0].resource', /no client has/);
  });

  it('[rfc9068-5-distinct-aud] refuses a token for a client that is called like the resource', async () => {
    const tokens = createTokenIssuer({ issuer, keys: [serverKey], resources: [orders] });
    await expect(tokens.issue({ subject: 's', clientId: resource })).rejects.toMatchObject({
      code: 'grant.resource-refused',
    });
  });
});

describe('createJwtBearerGrantVerifier', () => {
  const options = {
    issuer,
    clock: fixedClock(nowSeconds),
    assertionIssuers: [{ issuer: 'partner', keys: publicJwk(partnerKey), subjects: ['robot-1'] }],
  };

  it('verifies an assertion without HTTP and without remembering it', async () => {
    const verifier = createJwtBearerGrantVerifier(options);
    const jwt = assertion();
    for (const accepted of [await verifier.verify(jwt), await verifier.verify(jwt)]) {
      expect(accepted).toMatchObject({
        kind: 'jwt-bearer-grant',
        issuer: 'partner',
        claims: { sub: 'robot-1' },
      });
    }
  });

  it('shows people every rule', async () => {
    const appraisal = await createJwtBearerGrantVerifier(options).appraise(
      assertion({ aud: 'https://other.example', sub: 'robot-2' }, { header: { typ: 'at+jwt' } }),
    );
    expect(appraisal.outcome).toBe('rejected');
    expect(appraisal.lines.flatMap(({ code }) => code ?? [])).toEqual([
      'token.type-mismatch',
      'token.audience-mismatch',
      'token.subject-refused',
    ]);
  });

  it.each<[string, object, string, RegExp]>([
    ['a misspelt option', { ...options, audience: issuer }, 'audience', /Known options/],
    [
      'an option of the grant acceptor',
      { ...options, assertionIssuers: [partner] },
      'assertionIssuers[0].scopes',
      /Known options/,
    ],
    [
      'an entry that is no object',
      { ...options, assertionIssuers: ['partner'] },
      'assertionIssuers[0]',
      /object/,
    ],
    [
      'the token endpoint as audience without saying which it is',
      {
        ...options,
        assertionIssuers: [{ ...options.assertionIssuers[0], audience: 'issuer-or-token-endpoint' }],
      },
      'assertionIssuers[0].audience',
      /Give tokenEndpoint/,
    ],
  ])('refuses %s', (_form, changed, option, remedy) => {
    expectSetupError(() => createJwtBearerGrantVerifier(changed as never), option, remedy);
  });
});
