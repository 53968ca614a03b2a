import { describe, expect, it } from '@jest/globals';
import { decodeBase64url } from '../../src/encoding/base64url.js';

describe('decodeBase64url', () => {
  it.each([
    ['nothing', '', ''],
    ['one byte', 'YQ', 'a'],
    ['two bytes', 'YWI', 'ab'],
    ['three bytes', 'YWJj', 'abc'],
  ])('decodes %s', (_what, text, bytes) => {
    expect(decodeBase64url(text)).toEqual(Buffer.from(bytes));
  });

  it('decodes both characters that the other alphabet spells differently', () => {
    expect(decodeBase64url('-_-_')).toEqual(Buffer.from([0xfb, 0xff, 0xbf]));
  });

  it.each([
    ['padding', 'YQ=='],
    ['partial padding', 'YQ='],
    ['the other alphabet', '+/+/'],
    ['a space', 'YW Jj'],
    ['a leading space', ' YWJj'],
    ['a tab', 'YWJj\t'],
    ['a line break', 'YWJj\r\n'],
    ['NUL', 'YWJj\0'],
    ['a per cent sign', 'YWJj%41'],
    ['a period', 'YW.Jj'],
    ['a letter outside ASCII', 'YWJé'],
    ['a character whose low byte is a letter', 'YWJ\u0161'],
    ['spare bits that are not zero', 'YR'],
    ['spare bits that are not zero in the second place', 'YWJ'],
    ['a length of one more than a multiple of four', 'YWJjY'],
    ['a single character', 'Y'],
  ])('refuses a text with %s', (_what, text) => {
    expect(decodeBase64url(text)).toBeUndefined();
  });
});
