import { describe, expect, it } from '@jest/globals';
import { confirmationOf } from '../../src/binding/confirmation.js';

const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const x5t = 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2';

describe('confirmationOf', () => {
  it('is unbound without cnf, and only then', () => {
    expect(confirmationOf({})).toEqual({ kind: 'unbound' });
    expect(confirmationOf({ cnf: undefined })).toEqual({ kind: 'unbound' });
  });

  it.each<[string, object, object]>([
    ['a key', { jkt }, { jkt }],
    ['a certificate', { 'x5t#S256': x5t }, { 'x5t#S256': x5t }],
    ['both', { jkt, 'x5t#S256': x5t }, { jkt, 'x5t#S256': x5t }],
    ['a key, with a member that is not known', { jkt, 'kc-jkt-type': 'x' }, { jkt }],
  ])('knows %s', (_what, cnf, to) => {
    expect(confirmationOf({ cnf })).toEqual({ kind: 'bound', to });
  });

  it.each([
    {},
    { kid: 'x' },
    { jwk: { kty: 'EC' } },
    { jku: 'https://c.example' },
    { 'x5t#s256': x5t },
    { Jkt: jkt },
  ])('does not know %j', (cnf) => {
    expect(confirmationOf({ cnf })).toEqual({ kind: 'unknown method' });
  });

  it.each([
    null,
    false,
    0,
    '',
    'x',
    [],
    [{ jkt }],
    { jkt: null },
    { jkt: 5 },
    { jkt: '' },
    { jkt: jkt.slice(1) },
    { jkt: `${jkt}A` },
    { jkt: `${jkt}=` },
    { jkt: `${jkt}\n` },
    { jkt: jkt.replace('-', '+') },
    { jkt: [jkt] },
    { jkt, 'x5t#S256': '' },
    { jkt: null, 'x5t#S256': x5t },
    { 'x5t#S256': {} },
  ])('takes %j neither for none nor for one', (cnf) => {
    expect(confirmationOf({ cnf })).toEqual({ kind: 'malformed' });
  });
});
