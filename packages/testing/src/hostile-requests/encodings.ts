import { signatureOver } from '../compact-jws.js';
import { invalidRequest, bearer, tokenAttacks, type Attack, type HostileToken } from './attack.js';
import { jsonWith, type Material } from './material.js';

const duplicates: readonly HostileToken[] = [
  ['alg twice in the header', (m) => m.signed({ header: jsonWith('"alg":"none"', m.header()) })],
  ['typ twice in the header', (m) => m.signed({ header: jsonWith('"typ":"JWT"', m.header()) })],
  ['aud twice', (m) => m.signed({ payload: jsonWith('"aud":"https://other.example"', m.claims()) })],
  ['aud twice, once with an escape', (m) => m.signed({ payload: jsonWith('"\\u0061ud":"x"', m.claims()) })],
  ['sub twice with the same value', (m) => m.signed({ payload: jsonWith('"sub":"user-1"', m.claims()) })],
  [
    'a member twice inside cnf',
    (m) => m.signed({ payload: jsonWith('"cnf":{"jkt":"a","jkt":"b"}', m.claims()) }),
  ],
  ['__proto__ twice', (m) => m.signed({ payload: jsonWith('"__proto__":1,"__proto__":2', m.claims()) })],
];

const sizes: readonly HostileToken[] = [
  [
    'a header of 6,000 characters',
    (m) => m.token({}, { header: { x: 'x'.repeat(6000) } }),
    'token.too-large',
  ],
  ['6,000 dots', () => '.'.repeat(6000)],
  ['2,000 lists inside each other', (m) => m.signed({ payload: nested(m, 2000) })],
  ['a payload that is a list', (m) => m.signed({ payload: [m.claims()] as never })],
  ['a payload that is no JSON', (m) => m.signed({ payload: 'claims' })],
  ['a payload that is cut short', (m) => m.signed({ payload: JSON.stringify(m.claims()).slice(0, -1) })],
  ['a payload with something behind it', (m) => m.signed({ payload: `${JSON.stringify(m.claims())} {}` })],
  ['a payload behind a byte order mark', (m) => m.signed({ payload: `\ufeff${JSON.stringify(m.claims())}` })],
  ['a payload that is no UTF-8', (m) => m.signed({ payload: notUtf8(m) })],
  ['one character', () => 'x'],
];

const encodings: readonly HostileToken[] = [
  ['spare bits at the end of the payload', (m) => respelt(m, withSpareBits)],
  ['the other alphabet in the payload', (m) => respelt(m, inOtherAlphabet)],
  ['padding at the end of the token', (m) => `${m.token()}==`],
  [
    'a signature without its last byte',
    (m) => resigned(m, (signature) => signature.subarray(0, -1)),
    'token.signature-invalid',
  ],
  [
    'a signature with a byte more',
    (m) => resigned(m, (signature) => Buffer.concat([signature, Buffer.alloc(1)])),
    'token.signature-invalid',
  ],
  ['a signature in DER', (m) => resigned(m, inDer), 'token.signature-invalid'],
  [
    'a signature of another token',
    (m) => resigned(m, () => signatureOver('another', m.key)),
    'token.signature-invalid',
  ],
];

const psychic: readonly HostileToken[] = [
  ['a signature of zeros', (m) => resigned(m, (signature) => Buffer.alloc(signature.length))],
  ['a signature of the order of the curve', (m) => resigned(m, () => halves(m, 0n, 0n))],
  ['a signature of the order of the curve and one', (m) => resigned(m, () => halves(m, 1n, 1n))],
  ['a signature of zero and one', (m) => resigned(m, () => halves(m, undefined, 1n))],
  ['a signature of one and the order of the curve', (m) => resigned(m, () => halves(m, 1n, 0n))],
];

/** Attacks by way of the encoding: members twice, sizes, base64url that is nearly right, signatures of nothing. */
export const encodingAttacks: readonly Attack[] = [
  ...tokenAttacks('attack-19-input-size-and-splitting', 'token.malformed', sizes),
  ...tokenAttacks('attack-22-duplicate-json-members', 'token.duplicate-member', duplicates),
  ...tokenAttacks('attack-23-non-canonical-base64url-signature-malleability', 'token.malformed', encodings),
  ...['=.', ' .'].map((text): Attack => ({
    name: `${text === '=.' ? 'padding' : 'a space'} at the end of the header`,
    spec: 'attack-23-non-canonical-base64url-signature-malleability',
    refusal: invalidRequest('request.token-malformed'),
    request: (m) => bearer(m.token().replace('.', text)),
  })),
  ...tokenAttacks('attack-24-psychic-signatures', 'token.signature-invalid', psychic),
];

function nested(m: Material, depth: number): string {
  return jsonWith(`"x":${'['.repeat(depth)}${']'.repeat(depth)}`, m.claims());
}

function notUtf8(m: Material): Buffer {
  return Buffer.from(jsonWith('"x":"\u00e9"', m.claims()), 'latin1');
}

/** A token whose payload is the same bytes in another spelling, signed over that spelling. */
function respelt(m: Material, respell: (bytes: Buffer) => string): string {
  const [header = ''] = m.token().split('.');
  const input = `${header}.${respell(Buffer.from(jsonWith('"x":"???>>>"', m.claims())))}`;
  return `${input}.${signatureOver(input, m.key).toString('base64url')}`;
}

/** The same bytes, and spare bits set in the last character: of three bytes in a row, none would be spare. */
function withSpareBits(bytes: Buffer): string {
  const ending = Buffer.from(' '.repeat(3 - ((bytes.length + 2) % 3)));
  const text = Buffer.concat([bytes, ending]).toString('base64url');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) + 1);
}

function inOtherAlphabet(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** A token whose signature is made from the right one, or from nothing. */
function resigned(m: Material, change: (signature: Buffer) => Buffer): string {
  const token = m.token();
  const at = token.lastIndexOf('.') + 1;
  return token.slice(0, at) + change(Buffer.from(token.slice(at), 'base64url')).toString('base64url');
}

/** R and S as a DER sequence of two integers, as ECDSA signatures are written elsewhere. */
function inDer(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integer = (bytes: Buffer) => Buffer.concat([Buffer.from([0x02, bytes.length + 1, 0]), bytes]);
  const content = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))]);
  return Buffer.concat([Buffer.from([0x30, 0x81, content.length & 0xff]), content]);
}

/** The order of each curve; for other keys, the numbers mean nothing and no signature either. */
const orders: Readonly<Record<string, bigint>> = {
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'P-384':
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  'P-521':
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
};

/** R and S, each that far beyond the order of the curve; undefined for zero. */
function halves({ key }: Material, r: bigint | undefined, s: bigint | undefined): Buffer {
  const order = orders[String(key['crv'])] ?? 1n << 255n;
  const bytes = Math.ceil(order.toString(2).length / 8);
  const half = (beyond: bigint | undefined) => {
    const value = beyond === undefined ? 0n : order + beyond;
    return Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
  };
  return Buffer.concat([half(r), half(s)]);
}
