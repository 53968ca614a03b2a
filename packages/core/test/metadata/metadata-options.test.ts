import { describe, expect, it, jest } from '@jest/globals';
import { generateSigningJwk, SetupError, type ResourceServerOptions } from '../../src/index.js';
import { createResourceServer } from '../../src/resource-server.js';

const v1 = 'https://api.example/v1';
const v2 = 'https://api.example/v2';

function withMetadata(metadata: unknown, options: Partial<ResourceServerOptions> = {}) {
  return createResourceServer({
    issuer: 'https://as.example',
    audience: [v1, v2],
    ...options,
    metadata: metadata as NonNullable<ResourceServerOptions['metadata']>,
  });
}

function setupErrorOf(make: () => unknown): SetupError {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return error as SetupError;
  }
  throw new Error('nothing was thrown');
}

describe('the option metadata', () => {
  it.each([
    ['nothing', null, 'metadata'],
    ['a misspelt option', { scopeSupported: [] }, 'metadata.scopeSupported'],
    ['scopes in one text', { scopesSupported: 'a b' }, 'metadata.scopesSupported'],
    ['a scope with a space', { scopesSupported: ['a b'] }, 'metadata.scopesSupported'],
    [
      'an empty detail type',
      { authorizationDetailsTypesSupported: [''] },
      'metadata.authorizationDetailsTypesSupported',
    ],
    ['requirements that are none', { requirements: ['a'] }, 'metadata.requirements'],
    ['an empty name', { resourceName: '' }, 'metadata.resourceName'],
    ['a page that is no URL', { resourceDocumentation: 'docs' }, 'metadata.resourceDocumentation'],
    ['a page that is a script', { resourceTosUri: 'javascript:alert(1)' }, 'metadata.resourceTosUri'],
    ['no signing algorithm', { resourceSigningAlgorithms: [] }, 'metadata.resourceSigningAlgorithms'],
    ['a MAC', { resourceSigningAlgorithms: ['HS256'] }, 'metadata.resourceSigningAlgorithms'],
    ['a key set with a fragment', { jwksUri: 'https://api.example/jwks#x' }, 'metadata.jwksUri'],
    ['less than no time', { cacheSeconds: -1 }, 'metadata.cacheSeconds'],
    ['more than a week', { cacheSeconds: 604_801 }, 'metadata.cacheSeconds'],
    ['half a second', { cacheSeconds: 0.5 }, 'metadata.cacheSeconds'],
    [
      'an audience that there is not',
      { resources: { 'https://other.example': {} } },
      'metadata.resources.https://other.example',
    ],
    [
      'a misspelt option of one',
      { resources: { [v1]: { cacheSeconds: 1 } } },
      `metadata.resources["${v1}"].cacheSeconds`,
    ],
    [
      'a wrong one of one',
      { resources: { [v1]: { resourceName: 1 } } },
      `metadata.resources["${v1}"].resourceName`,
    ],
    ['nothing left', { resources: { [v1]: false, [v2]: false } }, 'metadata.resources'],
    ['a signature without keys', { sign: { keys: [] } }, 'metadata.sign.keys'],
    ['a signature with a MAC', { sign: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, 'metadata.sign.keys[0]'],
    ['a misspelt option of the signature', { sign: { key: {} } }, 'metadata.sign.key'],
  ])('cannot be %s', (_what, metadata, option) => {
    expect(setupErrorOf(() => withMetadata(metadata)).option).toBe(option);
  });

  it('accepts both ends of how long documents may be kept', () => {
    expect(withMetadata({ cacheSeconds: 0 }).metadataUrls).toHaveLength(2);
    expect(withMetadata({ cacheSeconds: 604_800 }).metadataUrls).toHaveLength(2);
  });

  it('has signatures outlast what is kept', async () => {
    const keys = [await generateSigningJwk('ES256')];
    const signedFor = (lifetimeSeconds: number) => () =>
      withMetadata({ cacheSeconds: 100, sign: { keys, lifetimeSeconds } });
    expect(setupErrorOf(signedFor(199)).option).toBe('metadata.sign.lifetimeSeconds');
    expect(signedFor(200)().metadataUrls).toHaveLength(2);
    expect(setupErrorOf(signedFor(365 * 86_400 + 1)).option).toBe('metadata.sign.lifetimeSeconds');
    // The default gives way to what may be kept for long.
    expect(withMetadata({ cacheSeconds: 604_800, sign: { keys } }).metadataUrls).toHaveLength(2);
  });

  it.each([
    [['https://api.example', 'https://api.example/']],
    [['https://api.example/v1', 'https://other.example/v1']],
  ])('cannot put two documents at one path: %j', (audience) => {
    const error = setupErrorOf(() => withMetadata({}, { audience }));
    expect(error.message).toContain(`the metadata of ${String(audience[0])} and ${String(audience[1])}`);
    const left = withMetadata({ resources: { [String(audience[1])]: false } }, { audience });
    expect(left.metadata().resource).toBe(audience[0]);
  });

  it.each([
    'https://api.example/a/../b',
    'https://api.example/ä',
    'https://bücher.example/',
    'https://api.example/v1?',
    'https://user@api.example/',
    'api.example',
  ])('cannot be about %s', (audience) => {
    const error = setupErrorOf(() => withMetadata({}, { audience, realm: 'api' }));
    expect(error.option).toBe('metadata');
    expect(error.message).toContain(audience);
  });

  it('keeps identifiers as they are written', () => {
    const { metadata, metadataUrls } = withMetadata({}, { audience: 'https://API.example:443/V1' });
    expect(metadata().resource).toBe('https://API.example:443/V1');
    expect(metadataUrls).toEqual(['https://API.example:443/.well-known/oauth-protected-resource/V1']);
  });
});

describe('metadata()', () => {
  it('needs to be told which, where there are several', () => {
    const { metadata } = withMetadata({});
    expect(setupErrorOf(() => metadata()).message).toContain(`Name one of ${v1}, ${v2}.`);
    expect(metadata(v2).resource).toBe(v2);
    expect(setupErrorOf(() => metadata('https://other.example')).option).toBe('audience');
  });

  it('is a mistake where nothing is published', () => {
    const { metadata, metadataUrls, metadataAnswer } = createResourceServer({
      issuer: 'https://as.example',
      audience: v1,
    });
    expect(setupErrorOf(() => metadata()).option).toBe('metadata');
    expect(metadataUrls).toEqual([]);
    const url = '/.well-known/oauth-protected-resource/v1';
    expect(metadataAnswer({ method: 'GET', url })).toBeUndefined();
  });

  it('cannot be changed by who reads it', () => {
    const document = withMetadata({ scopesSupported: ['a'] }).metadata(v1);
    expect(Object.isFrozen(document)).toBe(true);
    expect(Object.isFrozen(document.scopes_supported)).toBe(true);
  });

  it('leaves the list of the application as it is', () => {
    const scopesSupported = ['a'];
    const resourceSigningAlgorithms = ['ES256'];
    withMetadata({ scopesSupported, resourceSigningAlgorithms });
    expect([scopesSupported, resourceSigningAlgorithms].map(Object.isFrozen)).toEqual([false, false]);
  });
});

describe('challenge()', () => {
  const url = (version: string) => `https://api.example/.well-known/oauth-protected-resource/${version}`;
  const request = (target: string) => ({ method: 'GET', url: target, headers: {} });
  const refusalOf = (api: ReturnType<typeof withMetadata>, target: string) =>
    api.authenticate(request(target)).catch((caught: unknown) => caught);

  it('points by the failure, by the request beside it, and by the audience beside it', async () => {
    const api = withMetadata({});
    const failure = await refusalOf(api, '/v1/orders');
    const pointer = (...about: Parameters<typeof api.challenge>) =>
      /resource_metadata="([^"]+)"/.exec(api.challenge(...about).headers['WWW-Authenticate'] ?? '')?.[1];
    expect(pointer(failure)).toBe(url('v1'));
    expect(pointer(failure, { request: request('/v2') })).toBe(url('v1'));
    expect(pointer(failure, { audience: v2 })).toBe(url('v2'));
    expect(pointer(failure, { audience: 'https://other.example' })).toBeUndefined();
    const elsewhere = new Error('not ours');
    expect(pointer(elsewhere)).toBeUndefined();
  });

  it.each([
    ['/v1', 'v1'],
    ['/v1/', 'v1'],
    ['/v1?x=/v2', 'v1'],
    ['/v2/orders#x', 'v2'],
  ])('takes %s for a request to %s', async (target, version) => {
    const api = withMetadata({});
    const { headers } = api.challenge(await refusalOf(api, target));
    expect(headers['WWW-Authenticate']).toContain(`resource_metadata="${url(version)}"`);
  });

  it.each(['/', '/v', '/v11', '/V1', '/other/v1'])('takes %s for a request to neither', async (target) => {
    const api = withMetadata({});
    const { headers } = api.challenge(await refusalOf(api, target));
    expect(headers['WWW-Authenticate']).toBe(`Bearer realm="${v1}"`);
  });

  it('prefers the resource that is nearest, and knows the one at the root', async () => {
    const root = 'https://api.example/';
    const api = withMetadata({}, { audience: [root, v1] });
    const challengeTo = async (target: string) =>
      api.challenge(await refusalOf(api, target)).headers['WWW-Authenticate'];
    expect(await challengeTo('/v1/orders')).toContain(`"${url('v1')}"`);
    expect(await challengeTo('/v2/orders')).toContain(
      '"https://api.example/.well-known/oauth-protected-resource"',
    );
  });

  it('points to none of two that differ in their query alone', async () => {
    const warning = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const api = withMetadata({}, { audience: [`${v1}?tenant=a`, `${v1}?tenant=b`] });
    const { headers } = api.challenge(await refusalOf(api, '/v1?tenant=a'));
    expect(headers['WWW-Authenticate']).not.toContain('resource_metadata');
    expect(warning).toHaveBeenCalledTimes(2);
    warning.mockRestore();
  });

  it('says nothing of metadata where what narrows the request fails', async () => {
    const api = withMetadata(
      {},
      {
        audienceOf: () => {
          throw new Error('no tenant');
        },
      },
    );
    const failure = await api
      .authenticate({ method: 'GET', url: '/v1', headers: { authorization: ['Bearer a.b.c'] } })
      .catch((caught: unknown) => caught);
    expect(failure).toMatchObject({ code: 'service.failed' });
    expect(api.challenge(failure).headers).not.toHaveProperty('WWW-Authenticate');
  });
});
