import { describe, expect, it } from '@jest/globals';
import { audiencesFrom, issuerFrom } from '../../src/settings/identifiers.js';
import { expectSetupError } from '../support/setup-problem.js';

describe('issuerFrom', () => {
  const from = (issuer: unknown, allowInsecureLoopback = false) =>
    issuerFrom(issuer, 'issuer', allowInsecureLoopback);

  it.each([
    'https://as.example',
    'https://as.example/',
    'https://as.example:8443/tenant/1',
    'https://AS.example',
  ])('takes %s as it is', (issuer) => {
    expect(from(issuer)).toBe(issuer);
  });

  it.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000/tenant'])(
    'takes %s where plain http on loopback is allowed, and only there',
    async (issuer) => {
      expect(from(issuer, true)).toBe(issuer);
      await expectSetupError(() => from(issuer), {
        option: 'issuer',
        problem: 'plain http is used',
        remedy: 'allowInsecureLoopback: true',
      });
    },
  );

  it.each([undefined, null, '', 7, {}, ['https://as.example']])(
    'refuses %p for no issuer',
    async (issuer) => {
      await expectSetupError(() => from(issuer), {
        option: 'issuer',
        problem: 'no issuer is configured',
        remedy: "for instance 'https://as.example'",
      });
    },
  );

  it.each([
    'https://as.example?x=1',
    'https://as.example#x',
    ' https://as.example',
    'https://as.example ',
    'https://as.exa\nmple',
  ])('refuses %j, which is no issuer identifier', async (issuer) => {
    await expectSetupError(() => from(issuer), {
      option: 'issuer',
      problem: 'an issuer has no query, no fragment and no white space',
      remedy: 'exactly as its metadata does',
    });
  });

  it.each(['as.example', 'http://as.example', 'http://localhost.example', 'ftp://as.example', 'urn:as', '/'])(
    'refuses %s even where plain http on loopback is allowed',
    async (issuer) => {
      await expectSetupError(() => from(issuer, true), {
        option: 'issuer',
        problem: 'an issuer is an https URL',
        remedy: "such as 'https://as.example'",
      });
    },
  );
});

describe('audiencesFrom', () => {
  it.each([
    ['https://api.example', ['https://api.example']],
    [['https://api.example'], ['https://api.example']],
    [
      ['https://api.example', 'urn:example:api'],
      ['https://api.example', 'urn:example:api'],
    ],
  ])('reads %j', (audience, audiences) => {
    expect(audiencesFrom(audience, 'audience')).toEqual(audiences);
  });

  it.each([[undefined], [[]]])('refuses %j, with which every token would pass', async (audience) => {
    await expectSetupError(() => audiencesFrom(audience, 'audience'), {
      option: 'audience',
      problem: 'no audience is configured',
      remedy: "for instance 'https://api.example'",
    });
  });

  it.each([
    ['', 0],
    [null, 0],
    [7, 0],
    [['https://api.example', ''], 1],
    [['https://api.example', undefined], 1],
    [['https://api.example', ['x']], 1],
    [['https://api.example', 'https://api.example'], 1],
  ])('refuses %j', async (audience, index) => {
    await expectSetupError(() => audiencesFrom(audience, 'audience'), {
      option: 'audience',
      problem: `member ${String(index)} is not a string, is empty or stands twice`,
      remedy: 'Give each identifier once',
    });
  });
});
