import { describe, expect, it } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import { keyPolicyFrom } from '../../src/settings/key-policy.js';
import {
  statusIssuerFrom,
  statusUrisFrom,
  type StatusListOptions,
  type StatusListOwner,
} from '../../src/settings/status-list.js';
import type { KeySource } from '../../src/keys/key-source.js';
import { expectSetupError } from '../support/setup-problem.js';

const keySource: KeySource = { find: () => [], ready: () => Promise.resolve() };
const expectations = { audiences: ['https://api.example'], leewaySeconds: 7, maximumAgeSeconds: 60 };
const owner: StatusListOwner = {
  issuer: { identifier: 'https://as.example', expectations },
  keys: { algorithms: new Set(['ES256']), keySource },
  option: 'statusList',
};
const remote = {
  clock: fixedClock(1_800_000_000),
  fetch: () => Promise.reject(new Error('nothing is fetched here')),
  allowInsecureLoopback: false,
  policy: keyPolicyFrom(),
  onEvent: undefined,
};
const uris = ['https://as.example/statuslists/'];
const from = (given: StatusListOptions | undefined, changes: Partial<StatusListOwner> = {}) =>
  statusIssuerFrom(given, { ...owner, ...changes }, remote);

describe('statusIssuerFrom', () => {
  it('is nobody where nothing is said', () => {
    expect(from(undefined)).toBeUndefined();
  });

  it('is the issuer itself unless told otherwise, and demands that tokens have a status', () => {
    const { signer, required, acceptedStatuses } = from({ uris }) ?? {};
    expect(signer).toEqual({
      identifier: 'https://as.example',
      algorithms: new Set(['ES256']),
      keySource,
      expectations: { audiences: ['https://api.example'], leewaySeconds: 7 },
      hasCompatibility: true,
    });
    expect(required).toBe(true);
    expect(acceptedStatuses).toEqual(new Set());
  });

  it('takes keys and algorithms of its own', () => {
    const own: KeySource = { find: () => [], ready: () => Promise.resolve() };
    const { signer } = from({ uris, keys: own, algorithms: ['EdDSA'] }) ?? {};
    expect(signer?.keySource).not.toBe(keySource);
    expect(signer?.algorithms).toEqual(new Set(['EdDSA']));
  });

  it('needs keys where the issuer has a shared secret', async () => {
    await expectSetupError(() => from({ uris }, { keys: undefined }), {
      option: 'statusList.keys',
      problem: 'the issuer has a shared secret and no keys',
      remedy: 'Give the keys',
    });
    expect(from({ uris, keys: keySource }, { keys: undefined })?.signer.algorithms).toContain('EdDSA');
  });

  it.each([0, 1, 256, 1.5, '2', -1])('accepts no status %p', async (status) => {
    await expectSetupError(() => from({ uris, acceptedStatuses: [2, status as number] }), {
      option: 'statusList.acceptedStatuses',
      problem: 'it is not a list of statuses from 2 to 255',
      remedy: 'INVALID (1) never does',
    });
  });

  it('accepts the statuses from 2 to 255', () => {
    expect(from({ uris, acceptedStatuses: [2, 255] })?.acceptedStatuses).toEqual(new Set([2, 255]));
  });

  it.each([['yes'], [null], [0]])(
    'takes %p for no answer to whether a status is required',
    async (required) => {
      await expectSetupError(() => from({ uris, required: required as never }), {
        option: 'statusList.required',
        problem: 'it is not a boolean',
        remedy: 'true or false',
      });
    },
  );

  it('knows no other options', async () => {
    await expectSetupError(() => from({ uri: uris } as never), {
      option: 'statusList.uri',
      problem: 'there is no such option',
      remedy: 'Did you mean uris?',
    });
  });

  it.each([undefined, [], 'https://as.example/statuslists/'])('takes %p for no URIs', async (given) => {
    await expectSetupError(() => from({ uris: given as never }), {
      option: 'statusList.uris',
      problem: 'it does not say where the lists are',
      remedy: 'List the URIs',
    });
  });

  it.each([
    'http://as.example/statuslists/',
    'http://127.0.0.1/statuslists/',
    'https://as.example',
    'https://AS.example/statuslists/',
    'https://as.example:443/statuslists/',
    'https://user@as.example/statuslists/',
    'https://as.example/a/../statuslists/',
    'https://as.example/statuslists/%2e%2e/',
    'https://as.example/statuslists/#1',
    'https://as.example/status lists/',
    'https://as.example\\statuslists\\',
    'ftp://as.example/',
    '/statuslists/',
    7,
  ])('takes %p for no URI of lists', async (uri) => {
    await expectSetupError(() => from({ uris: [...uris, uri as string] }), {
      option: 'statusList.uris[1]',
      problem: 'it is not an https URL as a client writes it, without fragment',
      remedy: 'host in lower case',
    });
  });
});

describe('statusUrisFrom', () => {
  const names = statusUrisFrom(
    ['https://as.example/statuslists/', 'https://as.example/one', 'https://cdn.example/?list=1'],
    'uris',
    false,
  );

  it.each([
    'https://as.example/statuslists/',
    'https://as.example/statuslists/1',
    'https://as.example/statuslists/a/b?c=d',
    'https://as.example/statuslists/%20',
    'https://as.example/one',
    'https://cdn.example/?list=1',
  ])('names %s', (uri) => {
    expect(names(uri)).toBe(true);
  });

  it.each([
    'https://as.example/statuslists',
    'https://as.example/statuslists2/1',
    'https://as.example/one/',
    'https://as.example/one/1',
    'https://as.example/one?a',
    'https://as.example/',
    'https://cdn.example/?list=12',
    'https://cdn.example/',
    'https://as.example.evil.example/statuslists/1',
    'https://as.example@evil.example/statuslists/1',
    'http://as.example/statuslists/1',
    'https://as.example:8443/statuslists/1',
    'HTTPS://as.example/statuslists/1',
    'https://as.example//statuslists/1',
    'https://as.example/statuslists/../admin',
    'https://as.example/statuslists/%2E%2E/admin',
    'https://as.example/statuslists/..%2fadmin',
    'https://as.example/statuslists/..%5Cadmin',
    'https://as.example/statuslists/..\\admin',
    'https://as.example/statuslists/1#2',
    'https://as.example/statuslists/1 ',
    'https://as.example/statuslists/\t1',
    'https://as.example/statuslists/ä',
    '',
  ])('does not name %p', (uri) => {
    expect(names(uri)).toBe(false);
  });
});
