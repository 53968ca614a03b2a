import { describe, expect, it } from '@jest/globals';
import { assertion, orders, partner, partsOf, resource, tokenEndpoint } from './support/token-endpoint.js';

const calendar = { resource: 'https://calendar.example', scopes: ['calendar'] };
const contacts = { resource: 'https://contacts.example', scopes: ['contacts'] };
const both = {
  resources: [calendar, contacts],
  assertionIssuers: [{ ...partner, scopes: ['calendar', 'contacts'] }],
};

describe('the scope of an assertion grant', () => {
  it.each([
    ['is unknown', 'unknown'],
    ['is broader than the entry', 'orders:read orders:admin'],
    ['is known and unknown', 'orders:read unknown'],
    ['differs in case', 'Orders:Read'],
    ['is part of one', 'orders'],
    ['is no scope', 'orders:read"'],
  ])('[rfc7523-2.1-grant-scope] is refused when it %s', async (_form, scope) => {
    expect(await tokenEndpoint().grant(assertion(), { scope })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
      code: 'grant.scope-refused',
    });
  });

  it('[rfc7523-2.1-grant-scope] is that of the entry when it is left out, and is told', async () => {
    const answer = await tokenEndpoint().grant(assertion());
    expect(answer.body['scope']).toBe('orders:read orders:write');
    expect(partsOf(answer).claims['scope']).toBe('orders:read orders:write');
  });

  it('[rfc7523-2.1-grant-scope] is as asked for within the entry', async () => {
    const answer = await tokenEndpoint().grant(assertion(), { scope: 'orders:write' });
    expect(partsOf(answer).claims['scope']).toBe('orders:write');
  });

  it('[rfc8707-2.2-downscope] is reduced to what the resource understands, and that is told', async () => {
    const answer = await tokenEndpoint(both).grant(assertion(), {
      scope: 'calendar contacts',
      resource: calendar.resource,
    });
    expect(answer).toMatchObject({ status: 200, body: { scope: 'calendar' } });
    expect(partsOf(answer).claims).toMatchObject({ aud: calendar.resource, scope: 'calendar' });
  });

  it('[rfc9068-2.2.3-scope-claim] is one string with the scopes of the resource alone', async () => {
    const shop = { resource: 'https://shop.example', scopes: ['orders:read', 'orders:write'] };
    const assertionIssuers = [{ ...partner, scopes: ['orders:read', 'orders:write', 'calendar'] }];
    const endpoint = tokenEndpoint({ resources: [shop, calendar], assertionIssuers });
    const { claims } = partsOf(await endpoint.grant(assertion(), { resource: shop.resource }));
    expect(claims['scope']).toBe('orders:read orders:write');
  });

  it('[rfc9068-2.2.3-scope-claim] is refused for two resources at once', async () => {
    const answer = await tokenEndpoint(both).post(
      new URLSearchParams([
        ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
        ['assertion', assertion()],
        ['scope', 'calendar contacts'],
        ['resource', calendar.resource],
        ['resource', contacts.resource],
      ]).toString(),
    );
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
      code: 'grant.resource-refused',
    });
  });

  it('is refused when the resource understands none of it', async () => {
    expect(
      await tokenEndpoint(both).grant(assertion(), { scope: 'contacts', resource: calendar.resource }),
    ).toMatchObject({ status: 400, code: 'grant.scope-refused' });
  });

  it('is absent where the resource has no scopes', async () => {
    const endpoint = tokenEndpoint({ resources: [{ resource }] });
    const answer = await endpoint.grant(assertion());
    expect(answer.body).not.toHaveProperty('scope');
    expect(partsOf(answer).claims).not.toHaveProperty('scope');
  });
});

describe('the resource of an assertion grant', () => {
  const refused = { status: 400, body: { error: 'invalid_target' }, code: 'grant.resource-refused' };

  it.each([
    ['unknown', 'https://unknown.example/'],
    ['known but for a slash', `${resource}/`],
    ['one that the entry may not use', contacts.resource],
    ['not absolute', 'api'],
    ['a path', '/v1'],
    ['known but for a fragment', `${resource}#x`],
  ])(
    '[rfc8707-2-unknown] is refused when it is %s, and no default is taken instead',
    async (_form, requested) => {
      const endpoint = tokenEndpoint({ resources: [orders, contacts], defaultResource: resource });
      expect(await endpoint.grant(assertion(), { resource: requested })).toMatchObject(refused);
    },
  );

  it.each([
    ['the configured default', { defaultResource: calendar.resource }, 200],
    ['refused where none is configured', {}, 400],
  ])('[rfc8707-2.1-omitted] is %s when it is left out', async (_form, options, status) => {
    const answer = await tokenEndpoint({ ...both, ...options }).grant(assertion());
    expect(answer.status).toBe(status);
    expect(answer.status === 200 ? partsOf(answer).claims['aud'] : answer.body['error']).toBe(
      status === 200 ? calendar.resource : 'invalid_target',
    );
  });

  it('[attack-55-token-endpoint-widens-audience] is never one that the grant has no scope for', async () => {
    const endpoint = tokenEndpoint({ resources: [orders, contacts] });
    expect(await endpoint.grant(assertion(), { resource: contacts.resource })).toMatchObject(refused);
    expect(
      await endpoint.grant(assertion(), { resource: contacts.resource, scope: 'orders:read' }),
    ).toMatchObject(refused);
  });
});
