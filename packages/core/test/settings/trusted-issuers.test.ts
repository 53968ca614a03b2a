import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { createAccessTokenVerifier } from '../../src/access-token-verifier.js';
import { createResourceServer, type ResourceServerOptions } from '../../src/resource-server.js';
import { trustedIssuersFrom, type AccessTokenOptions } from '../../src/settings/trusted-issuers.js';
import { expectSetupError } from '../support/setup-problem.js';

const base = { issuer: 'https://as.example', audience: 'https://api.example' };

describe('trustedIssuersFrom', () => {
  let builder: TokenBuilder;
  beforeAll(async () => {
    builder = await createTokenBuilder();
  });

  it('makes one trusted issuer of one identifier, with the defaults', () => {
    const issuers = trustedIssuersFrom(base);
    expect([...issuers.values()]).toHaveLength(1);
    expect(issuers.get('https://as.example')).toMatchObject({
      identifier: 'https://as.example',
      expectations: {
        audiences: ['https://api.example'],
        leewaySeconds: 10,
        maximumAgeSeconds: undefined,
      },
    });
  });

  it('lets an entry of a list inherit what stands beside the list, and overrule it', () => {
    const issuers = trustedIssuersFrom({
      audience: 'https://api.example',
      algorithms: ['ES256'],
      leewaySeconds: 0,
      maximumTokenAgeSeconds: 600,
      issuer: [
        { issuer: 'https://a.example' },
        { issuer: 'https://b.example', audience: ['urn:b'], algorithms: ['RS256'], keys: builder.jwks },
      ],
    });
    expect(
      [...issuers.values()].map(({ identifier, algorithms, expectations }) => ({
        identifier,
        algorithms: [...algorithms],
        ...expectations,
      })),
    ).toEqual([
      {
        identifier: 'https://a.example',
        algorithms: ['ES256'],
        audiences: ['https://api.example'],
        leewaySeconds: 0,
        maximumAgeSeconds: 600,
      },
      {
        identifier: 'https://b.example',
        algorithms: ['RS256'],
        audiences: ['urn:b'],
        leewaySeconds: 0,
        maximumAgeSeconds: 600,
      },
    ]);
  });

  it('does not fetch anything', () => {
    const fetch = () => {
      throw new Error('settings must not cause a request');
    };
    expect([...trustedIssuersFrom({ ...base, fetch }).values()]).toHaveLength(1);
  });

  it.each<[string, object, { option: string; problem: string; remedy: string }]>([
    [
      'no issuer',
      { issuer: undefined },
      { option: 'issuer', problem: 'no issuer is configured', remedy: 'Give the identifier' },
    ],
    [
      'no audience',
      { audience: undefined },
      { option: 'audience', problem: 'no audience', remedy: 'Give the' },
    ],
    [
      'a plain http issuer',
      { issuer: 'http://localhost:3000' },
      { option: 'issuer', problem: 'plain http is used', remedy: 'Use https' },
    ],
    [
      'a text where true is due',
      { issuer: 'http://localhost:3000', allowInsecureLoopback: 'false' },
      { option: 'issuer', problem: 'plain http is used', remedy: 'allowInsecureLoopback: true' },
    ],
    [
      'an empty list',
      { issuer: [] },
      { option: 'issuer', problem: 'the list is empty', remedy: 'Name at least one issuer.' },
    ],
    [
      'a list of texts',
      { issuer: ['https://as.example'] },
      { option: 'issuer[0]', problem: 'it is not an object', remedy: 'Give an object with issuer' },
    ],
    [
      'an entry without an issuer',
      { issuer: [{ issuer: 'https://a.example' }, {}] },
      { option: 'issuer[1].issuer', problem: 'no issuer is configured', remedy: 'Give the identifier' },
    ],
    [
      'an entry with a misspelt option',
      { issuer: [{ issuer: 'https://a.example', algoritms: ['ES256'] }] },
      {
        option: 'issuer[0].algoritms',
        problem: 'there is no such option',
        remedy: 'Did you mean algorithms?',
      },
    ],
    [
      'an entry with an empty audience',
      { issuer: [{ issuer: 'https://a.example', audience: [] }] },
      { option: 'issuer[0].audience', problem: 'no audience is configured', remedy: 'Give the identifier' },
    ],
    [
      'an issuer twice',
      { issuer: [{ issuer: 'https://a.example' }, { issuer: 'https://a.example' }] },
      {
        option: 'issuer[1].issuer',
        problem: 'https://a.example stands twice',
        remedy: 'Merge the two entries.',
      },
    ],
    [
      'keys beside a list',
      { issuer: [{ issuer: 'https://a.example' }], keys: { keys: [] } },
      { option: 'keys', problem: 'keys stands beside a list of issuers', remedy: 'Move keys into the entry' },
    ],
    [
      'an algorithm that is none',
      { algorithms: ['none'] },
      { option: 'algorithms', problem: '"none" is not a supported', remedy: 'Use names from' },
    ],
    [
      'too much leeway',
      { leewaySeconds: 301 },
      { option: 'leewaySeconds', problem: 'it is not a number from 0 to 300', remedy: 'leave it at 10' },
    ],
    [
      'no age at all',
      { maximumTokenAgeSeconds: 0 },
      { option: 'maximumTokenAgeSeconds', problem: 'it is not a positive', remedy: 'leave the option out' },
    ],
    [
      'a misspelt option',
      { audiences: ['x'] },
      { option: 'audiences', problem: 'there is no such option', remedy: 'Did you mean audience?' },
    ],
  ])('refuses %s', async (_what, changes, problem) => {
    const options = { ...base, ...changes } as AccessTokenOptions;
    await expectSetupError(() => createAccessTokenVerifier(options), problem);
    await expectSetupError(() => createResourceServer(options), problem);
  });

  it.each(['a\r\nb', 'é', '', 42])('refuses %j for a realm', async (realm) => {
    const options = { ...base, realm } as ResourceServerOptions;
    await expectSetupError(() => createResourceServer(options), {
      option: 'realm',
      problem: 'it cannot stand in a WWW-Authenticate header',
      remedy: 'Give a realm of printable ASCII characters.',
    });
  });

  it('asks for a realm where the audience cannot be one', async () => {
    await expectSetupError(() => createResourceServer({ ...base, audience: 'urn:bücher' }), {
      option: 'realm',
      problem: 'it cannot stand',
      remedy: 'Give a realm',
    });
    expect(createResourceServer({ ...base, audience: 'urn:bücher', realm: 'books' }).audiences).toEqual([
      'urn:bücher',
    ]);
  });
});
