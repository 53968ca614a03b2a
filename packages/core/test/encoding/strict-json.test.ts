import { describe, expect, it } from '@jest/globals';
import { isJsonObject, maximumJsonDepth, parseStrictJson } from '../../src/encoding/strict-json.js';

const parse = (text: string) => parseStrictJson(Buffer.from(text));

describe('parseStrictJson', () => {
  it.each([
    ['an object', '{"a":1,"b":[2,{"c":3}]}', { a: 1, b: [2, { c: 3 }] }],
    ['white space between tokens', ' {\n"a" :\t1 }\r\n', { a: 1 }],
    ['a list', '[1,2]', [1, 2]],
    ['a text outside ASCII', '{"name":"Zoë 🎈"}', { name: 'Zoë 🎈' }],
    ['structural characters within strings', '{"a":"{[:\\"]}","b\\\\":":"}', { a: '{[:"]}', 'b\\': ':' }],
    ['the same name in two objects', '{"a":{"x":1},"b":{"x":1}}', { a: { x: 1 }, b: { x: 1 } }],
    ['names that differ in case', '{"aud":1,"AUD":2}', { aud: 1, AUD: 2 }],
    ['an empty name', '{"":1}', { '': 1 }],
  ])('parses %s', (_what, text, value) => {
    expect(parse(text)).toEqual({ value });
  });

  it.each([
    ['{"__proto__":{"admin":true},"a":1}', { a: 1 }],
    ['{"\\u005f_proto__":{"admin":true},"a":1}', { a: 1 }],
    ['{"a":{"__proto__":{"admin":true},"b":[{"__proto__":null,"c":2}]}}', { a: { b: [{ c: 2 }] } }],
    ['[{"__proto__":[]}]', [{}]],
    ['{"__proto__":{"__proto__":{"admin":true}}}', {}],
  ])('keeps __proto__ away from what copies or writes an object: %s', (text, expected) => {
    const { value } = parse(text) as { value: object };
    expect(JSON.stringify(value)).toBe(JSON.stringify(expected));
    const copy = Object.assign({}, value) as Record<string, unknown>;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(copy['admin']).toBeUndefined();
  });

  it('keeps __proto__ as a frozen member of its own, and changes no prototype', () => {
    const { value } = parse('{"__proto__":{"admin":true,"of":{"x":[{}]}},"a":1}') as { value: object };
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as Record<string, unknown>)['admin']).toBeUndefined();
    const hidden = Object.getOwnPropertyDescriptor(value, '__proto__')?.value as { of: { x: object[] } };
    expect(hidden).toEqual({ admin: true, of: { x: [{}] } });
    for (const part of [hidden, hidden.of, hidden.of.x, hidden.of.x[0]])
      expect(Object.isFrozen(part)).toBe(true);
    expect(Object.isFrozen(value)).toBe(false);
  });

  it('keeps other names that objects have, as members of their own', () => {
    const { value } = parse('{"constructor":{"prototype":{"admin":true}},"toString":1}') as { value: object };
    expect(Object.keys(value)).toEqual(['constructor', 'toString']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it.each([
    ['side by side', '{"aud":1,"aud":2}'],
    ['with equal values', '{"aud":1,"aud":1}'],
    ['apart', '{"aud":1,"x":{},"aud":2}'],
    ['spelt with an escape', '{"aud":1,"\\u0061ud":2}'],
    ['within a member', '{"cnf":{"jkt":"a","jkt":"b"}}'],
    ['within a list', '{"a":[{"b":1,"b":2}]}'],
    ['named __proto__', '{"__proto__":1,"__proto__":2}'],
    ['named like a number', '{"1":1,"1":2}'],
    ['where the first holds members', '{"a":{"b":1,"c":2},"a":1}'],
    ['where the first holds as many members as are lost', '{"a":{"b":1},"a":{"c":1}}'],
  ])('refuses two members of one name %s', (_where, text) => {
    expect(parse(text)).toEqual({ fault: 'duplicate-member' });
  });

  it.each([
    ['nothing', ''],
    ['white space alone', ' '],
    ['text after the value', '{}trailing'],
    ['a second value', '{}{}'],
    ['an open object', '{"a":1'],
    ['single quotes', "{'a':1}"],
    ['a comment', '{"a":1/* */}'],
    ['a trailing comma', '{"a":1,}'],
    ['NaN', '{"a":NaN}'],
    ['a leading zero', '{"a":01}'],
    ['a control character within a string', '{"a":"\n"}'],
    ['closing before opening', '}{'],
    ['a byte order mark', '\ufeff{}'],
  ])('refuses %s', (_what, text) => {
    expect(parse(text)).toEqual({ fault: 'malformed' });
  });

  it.each([
    ['UTF-16 with the low byte first', Buffer.from('{"a":1}', 'utf16le')],
    ['UTF-16 with the high byte first', Buffer.from('{"a":1}', 'utf16le').swap16()],
    ['a byte that UTF-8 does not have', Buffer.from('7b2261223a22ff227d', 'hex')],
    ['an overlong form', Buffer.from('7b2261223a22c0af227d', 'hex')],
    ['half a surrogate pair', Buffer.from('7b2261223a22eda080227d', 'hex')],
    ['a sequence that is cut short', Buffer.from('7b2261223a22c3227d', 'hex')],
    ['Latin-1', Buffer.from('{"a":"é"}', 'latin1')],
  ])('refuses %s', (_what, bytes) => {
    expect(parseStrictJson(bytes)).toEqual({ fault: 'malformed' });
  });

  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  it('parses values nested as deep as allowed', () => {
    expect(parse(nested(maximumJsonDepth))).toHaveProperty('value');
  });

  it('refuses values nested one deeper', () => {
    expect(parse(nested(maximumJsonDepth + 1))).toEqual({ fault: 'too-deep' });
  });

  it('refuses a bottomless value without overflowing the stack', () => {
    expect(parse('[{"a":'.repeat(100_000))).toEqual({ fault: 'too-deep' });
  });

  it('does not count brackets within strings as depth', () => {
    expect(parse(`["${'['.repeat(1000)}"]`)).toHaveProperty('value');
  });

  it('reads bytes that are a view of a larger buffer', () => {
    const within = Buffer.from('xx{"a":1}xx').subarray(2, 9);
    expect(parseStrictJson(within)).toEqual({ value: { a: 1 } });
  });
});

describe('isJsonObject', () => {
  it.each([
    ['an object', {}, true],
    ['a list', [], false],
    ['null', null, false],
    ['a string', 'x', false],
    ['a number', 1, false],
  ])('answers for %s', (_what, value, answer) => {
    expect(isJsonObject(value)).toBe(answer);
  });
});
