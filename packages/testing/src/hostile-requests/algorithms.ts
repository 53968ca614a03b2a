import { createHmac, createPublicKey, type KeyObject } from 'node:crypto';
import { publicJwk } from '../token-builder.js';
import { tokenAttacks, type Attack, type HostileToken } from './attack.js';
import type { Material } from './material.js';

/** The public key of the issuer as the texts and bytes that a confused verifier may take for a secret. */
const publicKeyAsSecret: readonly (readonly [
  name: string,
  secret: (key: KeyObject, m: Material) => Buffer,
])[] = [
  ['as PEM', (key) => pem(key)],
  ['as PEM without the last newline', (key) => Buffer.from(pem(key).toString().trimEnd())],
  ['as PEM behind a space', (key) => Buffer.concat([Buffer.from(' '), pem(key)])],
  ['as PEM behind a newline', (key) => Buffer.concat([Buffer.from('\n'), pem(key)])],
  ['as PEM behind a byte order mark', (key) => Buffer.concat([Buffer.from('\ufeff'), pem(key)])],
  ['as PEM behind another text', (key) => Buffer.concat([Buffer.from('key: '), pem(key)])],
  ['as DER', (key) => key.export({ format: 'der', type: 'spki' })],
  ['as JWK', (_key, { key }) => Buffer.from(JSON.stringify(publicJwk(key)))],
  ['as JWK Set', (_key, { key }) => Buffer.from(JSON.stringify({ keys: [publicJwk(key)] }))],
];

const confusions: readonly HostileToken[] = publicKeyAsSecret.flatMap(([how, secret]) =>
  [256, 384, 512].map((bits): HostileToken => [
    `HS${String(bits)} with the public key ${how} as the secret`,
    (m) => macToken(m, bits, secret(createPublicKey({ key: { ...publicJwk(m.key) }, format: 'jwk' }), m)),
  ]),
);

const unsigned: readonly HostileToken[] = [
  ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg): readonly HostileToken[] => [
    [`alg ${alg} and no signature`, (m) => withoutSignature(m.token({}, { header: { alg } }))],
    [`alg ${alg} and a signature that holds`, (m) => m.token({}, { header: { alg } })],
  ]),
  [
    'no alg and no signature',
    (m) => withoutSignature(m.token({}, { header: { alg: undefined } })),
    'token.malformed',
  ],
  ['no alg', (m) => m.token({}, { header: { alg: undefined } }), 'token.malformed'],
  ['alg null', (m) => m.token({}, { header: { alg: null } }), 'token.malformed'],
  ['an empty alg', (m) => m.token({}, { header: { alg: '' } })],
  ['an alg that is a list', (m) => m.token({}, { header: { alg: [m.key['alg']] } }), 'token.malformed'],
  ['an alg in lower case', (m) => m.token({}, { header: { alg: String(m.key['alg']).toLowerCase() } })],
  ['an alg with a space behind it', (m) => m.token({}, { header: { alg: `${String(m.key['alg'])} ` } })],
  ['no signature', (m) => withoutSignature(m.token()), 'token.signature-invalid'],
  ['two parts', (m) => m.token().split('.').slice(0, 2).join('.'), 'token.malformed'],
  ['four parts', (m) => `${m.token()}.`, 'token.malformed'],
];

/** Asymmetric algorithms, by the type and the curve of the keys that they do not go with. */
const algorithmsOfKeys: Readonly<Record<string, readonly string[]>> = {
  RSA: ['RS256', 'PS256'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['EdDSA', 'Ed25519'],
};

const untied: readonly HostileToken[] = Object.entries(algorithmsOfKeys).flatMap(([sort, names]) =>
  names.map((alg): HostileToken => [
    `alg ${alg} for a key of another sort`,
    // Where the issuer's own key is of that sort, the next best lie: an algorithm of another one.
    (m) => m.token({}, { header: { alg: sortOf(m) === sort ? otherThan(sort) : alg } }),
    'token.key-unknown',
  ]),
);

/** Attacks by way of `alg`: symmetric for asymmetric, none at all, an empty key, an algorithm that the key is not for. */
export const algorithmAttacks: readonly Attack[] = [
  ...tokenAttacks('attack-01-alg-confusion-rs-hs-with', 'token.algorithm-refused', confusions),
  ...tokenAttacks('attack-02-none-missing-signature-case-variants', 'token.algorithm-refused', unsigned),
  ...tokenAttacks('attack-03-empty-or-zero-length-key', 'token.algorithm-refused', [
    ['HS256 with an empty secret', (m) => macToken(m, 256, Buffer.alloc(0))],
    ['HS256 with a zero byte as the secret', (m) => macToken(m, 256, Buffer.alloc(1))],
    ['HS256 with the text undefined as the secret', (m) => macToken(m, 256, Buffer.from('undefined'))],
  ]),
  ...tokenAttacks('attack-04-alg-not-tied-to-key', 'token.key-unknown', untied),
];

function pem(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'pem', type: 'spki' }));
}

function macToken(m: Material, bits: number, secret: Buffer): string {
  const [header = '', payload = ''] = m.token({}, { header: { alg: `HS${String(bits)}` } }).split('.');
  const input = `${header}.${payload}`;
  return `${input}.${createHmac(`sha${String(bits)}`, secret)
    .update(input)
    .digest('base64url')}`;
}

function withoutSignature(token: string): string {
  return token.slice(0, token.lastIndexOf('.') + 1);
}

function sortOf({ key }: Material): string {
  return key.kty === 'RSA' ? 'RSA' : String(key['crv']);
}

function otherThan(sort: string): string {
  return sort === 'P-256' ? 'ES384' : 'ES256';
}
