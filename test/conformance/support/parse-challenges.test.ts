import { describe, expect, it } from '@jest/globals';
import { parseChallenges } from './parse-challenges.js';

describe('parseChallenges', () => {
  it.each([
    ['a scheme alone', 'Bearer', [{ scheme: 'bearer', parameters: {} }]],
    ['a token68', 'Negotiate YQ==', [{ scheme: 'negotiate', token68: 'YQ==', parameters: {} }]],
    ['a token as a value', 'Bearer realm=api', [{ scheme: 'bearer', parameters: { realm: 'api' } }]],
    [
      'quoted strings',
      'Bearer realm="the API", Error="invalid_token"',
      [{ scheme: 'bearer', parameters: { realm: 'the API', error: 'invalid_token' } }],
    ],
    [
      'escapes, commas and equals signs within quotes',
      String.raw`Bearer realm="a \"b\", c=\\d"`,
      [{ scheme: 'bearer', parameters: { realm: String.raw`a "b", c=\d` } }],
    ],
    [
      'two schemes',
      'DPoP algs="ES256", error="invalid_token", Bearer realm="x"',
      [
        { scheme: 'dpop', parameters: { algs: 'ES256', error: 'invalid_token' } },
        { scheme: 'bearer', parameters: { realm: 'x' } },
      ],
    ],
    [
      'a scheme alone before another',
      'Negotiate, Bearer realm="x"',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'bearer', parameters: { realm: 'x' } },
      ],
    ],
  ])('reads %s', (_what, value, challenges) => {
    expect(parseChallenges(value)).toEqual(challenges);
  });

  it.each([
    ['nothing', ''],
    ['a trailing comma', 'Bearer realm="x",'],
    ['an empty element', 'Bearer realm="x", , error="y"'],
    ['a space without parameters', 'Bearer '],
    ['two spaces', 'Bearer  realm="x"'],
    ['a missing comma', 'Bearer realm="x" error="y"'],
    ['white space around the equals sign', 'Bearer realm = "x"'],
    ['a parameter twice', 'Bearer realm="x", realm="y"'],
    ['a parameter twice in another case', 'Bearer realm="x", REALM="y"'],
    ['an open quote', 'Bearer realm="x'],
    ['a quote within quotes', 'Bearer realm="a"b"'],
    ['a value that is neither token nor quoted', 'Bearer realm=a b'],
    ['a line break', 'Bearer realm="a\r\nb"'],
    ['a letter outside ASCII', 'Bearer realm="é"'],
    ['a control character', 'Bearer realm="\u0007"'],
    ['a parameter without a scheme', 'realm="x"'],
  ])('refuses %s', (_what, value) => {
    expect(() => parseChallenges(value)).toThrow('WWW-Authenticate');
  });
});
