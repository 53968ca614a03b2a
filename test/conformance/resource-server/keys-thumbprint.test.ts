import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { jwkThumbprint } from '@assay/core';

// RFC 7638 section 3.1.
const rsa = {
  kty: 'RSA',
  n:
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs' +
    'tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1' +
    'n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
};

// RFC 9449 figure 2.
const ec = {
  kty: 'EC',
  crv: 'P-256',
  x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
  y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
};

// RFC 8037 appendix A.2, with the thumbprint of appendix A.3.
const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

const vectors = [
  ['the RSA key of RFC 7638', rsa, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'],
  ['the EC key of RFC 9449', ec, '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'],
  ['the OKP key of RFC 8037', okp, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
] as const;

const extras = { alg: 'ES256', use: 'sig', kid: 'any', d: 'c2VjcmV0', key_ops: ['verify'], ext: true };

describe('RFC 7638, thumbprints', () => {
  it.each(vectors)('[rfc7638-3-thumbprint] hashes %s', (_what, jwk, thumbprint) => {
    expect(jwkThumbprint(jwk)).toBe(thumbprint);
  });

  it.each(vectors)(
    '[rfc7638-3-thumbprint] hashes %s the same with other members',
    (_what, jwk, thumbprint) => {
      expect(jwkThumbprint({ ...extras, ...jwk })).toBe(thumbprint);
      for (const [name, value] of Object.entries(extras)) {
        expect(jwkThumbprint({ ...jwk, [name]: value })).toBe(thumbprint);
      }
    },
  );

  it.each(vectors)('[rfc7638-3-thumbprint] hashes %s the same in another order', (_what, jwk, thumbprint) => {
    const reversed = Object.fromEntries(Object.entries({ ...jwk, ...extras }).reverse());
    expect(Object.keys(reversed)).not.toEqual(Object.keys({ ...jwk, ...extras }));
    expect(jwkThumbprint(reversed)).toBe(thumbprint);
  });

  it('[rfc7638-3-thumbprint] takes crv, kty and x of an OKP key, in this order and without white space', () => {
    const text = `{"crv":"Ed25519","kty":"OKP","x":"${okp.x}"}`;
    expect(jwkThumbprint(okp)).toBe(createHash('sha256').update(text).digest('base64url'));
  });

  it('takes alg, kty and pub of an AKP key', () => {
    const pub = Buffer.alloc(1312, 5).toString('base64url');
    const text = `{"alg":"ML-DSA-44","kty":"AKP","pub":"${pub}"}`;
    const jwk = { kty: 'AKP', alg: 'ML-DSA-44', pub, kid: 'any' };
    expect(jwkThumbprint(jwk)).toBe(createHash('sha256').update(text).digest('base64url'));
  });

  it.each([
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['an unknown kind of key', { kty: 'XYZ' }],
    ['a key without a required member', { kty: 'EC', crv: 'P-256', x: ec.x }],
    ['a member that is not canonical base64url', { ...okp, x: `${okp.x}=` }],
    ['a member that is not a text', { ...rsa, e: 65537 }],
    ['an unknown curve', { ...ec, crv: 'P-999' }],
  ])('has no thumbprint for %s', (_what, jwk) => {
    expect(jwkThumbprint(jwk)).toBeUndefined();
  });
});
