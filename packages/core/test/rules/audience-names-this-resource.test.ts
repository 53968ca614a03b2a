import { describe, expect, it } from '@jest/globals';
import {
  audienceList,
  audienceNamesOnlyThisServer,
  audienceNamesThisResource,
} from '../../src/rules/audience-names-this-resource.js';
import { expected, signedStatement } from '../support/evidence.js';

const mismatch = (reason: string) => ({ code: 'token.audience-mismatch', reason, claim: 'aud' });

describe('audienceNamesThisResource', () => {
  it.each([
    ['the one string', 'https://api.example'],
    ['a list of one', ['https://api.example']],
    ['one of a list', ['https://other.example', 'https://api.example']],
  ])('accepts %s', (_form, aud) => {
    expect(audienceNamesThisResource.check(signedStatement({ aud }), expected())).toBeUndefined();
  });

  it('accepts any of several expected audiences', () => {
    const audiences = ['https://api.example', 'urn:example:api'];
    expect(
      audienceNamesThisResource.check(signedStatement({ aud: 'urn:example:api' }), expected({ audiences })),
    ).toBeUndefined();
  });

  it('refuses every token where nothing is expected', () => {
    expect(audienceNamesThisResource.check(signedStatement(), expected({ audiences: [] }))).toEqual(
      mismatch('mismatch'),
    );
  });

  it.each([
    ['absent', undefined, 'missing'],
    ['null', null, 'malformed'],
    ['a number', 7, 'malformed'],
    ['an object that looks like a list', { 0: 'https://api.example', length: 1 }, 'malformed'],
    ['a list in a list', [['https://api.example']], 'malformed'],
    ['a list with a number beside the match', ['https://api.example', 5], 'malformed'],
    ['an empty list', [], 'mismatch'],
    ['a list of an empty string', [''], 'mismatch'],
    ['an empty string', '', 'mismatch'],
    ['another in case', 'https://API.example', 'mismatch'],
    ['longer by a slash', 'https://api.example/', 'mismatch'],
    ['longer by a domain', 'https://api.example.evil.example', 'mismatch'],
    ['shorter by a character', 'https://api.exampl', 'mismatch'],
    ['surrounded by a space', ' https://api.example', 'mismatch'],
  ])('rejects aud that is %s', (_form, aud, reason) => {
    expect(audienceNamesThisResource.check(signedStatement({ aud }), expected())).toEqual(mismatch(reason));
  });
});

describe('audienceNamesOnlyThisServer', () => {
  it.each([
    ['the one string', 'https://api.example'],
    ['a list of one', ['https://api.example']],
  ])('accepts %s', (_form, aud) => {
    expect(audienceNamesOnlyThisServer.check(signedStatement({ aud }), expected())).toBeUndefined();
  });

  it.each([
    ['somebody else beside this server', ['https://api.example', 'https://other.example'], 'mismatch'],
    ['this server twice', ['https://api.example', 'https://api.example'], 'mismatch'],
    ['somebody else alone', 'https://other.example', 'mismatch'],
    ['nobody', undefined, 'missing'],
    ['a number', 5, 'malformed'],
  ])('rejects aud that names %s', (_form, aud, reason) => {
    expect(audienceNamesOnlyThisServer.check(signedStatement({ aud }), expected())).toEqual(mismatch(reason));
  });
});

describe('audienceList', () => {
  it.each([
    ['a string', 'a', ['a']],
    ['a list of strings', ['a', 'b'], ['a', 'b']],
    ['an empty list', [], []],
    ['a mixed list', ['a', 1], undefined],
    ['null', null, undefined],
  ])('reads %s', (_form, aud, list) => {
    expect(audienceList(aud)).toEqual(list);
  });
});
