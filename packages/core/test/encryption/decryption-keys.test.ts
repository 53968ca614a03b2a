import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { publicJwk } from '@assay/testing';
import { decryptionKeysFrom, type DecryptionKeyOptions } from '../../src/encryption/decryption-keys.js';
import type { Jwk } from '../../src/keys/fixed-keys.js';
import { decryptionFrom } from '../../src/settings/decryption.js';
import { thrownBy } from '../support/refusal.js';
import { expectSetupError } from '../support/setup-problem.js';

const der = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const;

const generate = generateKeyPairSync as unknown as (type: string, options: object) => { privateKey: Buffer };

function privateKey(type: string, options: object = {}): KeyObject {
  const { privateKey: key } = generate(type, { ...options, ...der });
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

describe('decryptionKeysFrom', () => {
  const keys: Record<string, KeyObject> = {};
  beforeAll(() => {
    for (const bits of [1024, 2047, 2048]) {
      keys[`RSA ${String(bits)}`] = privateKey('rsa', { modulusLength: bits });
    }
    for (const namedCurve of ['P-256', 'P-384', 'P-521', 'secp256k1']) {
      keys[namedCurve] = privateKey('ec', { namedCurve });
    }
    keys['X25519'] = privateKey('x25519');
    keys['X448'] = privateKey('x448');
    keys['Ed25519'] = privateKey('ed25519');
    for (const bytes of [0, 15, 16, 17, 24, 31, 32, 33, 48, 64]) {
      keys[`${String(bytes)} bytes`] = createSecretKey(randomBytes(bytes));
    }
    keys['RSA 2048 public'] = createPublicKey(keyNamed('RSA 2048'));
  });

  function keyNamed(name: string): KeyObject {
    const key = keys[name];
    if (key === undefined) throw new Error(`no key ${name}`);
    return key;
  }

  const entry = (changes: object): readonly DecryptionKeyOptions[] => [
    { key: keyNamed('RSA 2048'), alg: 'RSA-OAEP-256', enc: 'A256GCM', ...changes },
  ];

  it.each([
    ['RSA-OAEP', 'A128GCM', 'RSA 2048'],
    ['RSA-OAEP-256', 'A256GCM', 'RSA 2048'],
    ['RSA-OAEP-384', 'A192GCM', 'RSA 2048'],
    ['RSA-OAEP-512', 'A256CBC-HS512', 'RSA 2048'],
    ['ECDH-ES', 'A256GCM', 'P-256'],
    ['ECDH-ES', 'A256GCM', 'P-384'],
    ['ECDH-ES+A256KW', 'A256GCM', 'P-521'],
    ['ECDH-ES+A128KW', 'A128GCM', 'X25519'],
    ['A128KW', 'A256GCM', '16 bytes'],
    ['A192KW', 'A256GCM', '24 bytes'],
    ['A256KW', 'A128GCM', '32 bytes'],
    ['dir', 'A128GCM', '16 bytes'],
    ['dir', 'A256GCM', '32 bytes'],
    ['dir', 'A128CBC-HS256', '32 bytes'],
    ['dir', 'A192CBC-HS384', '48 bytes'],
    ['dir', 'A256CBC-HS512', '64 bytes'],
  ])('takes a key for %s with %s: %s', (alg, enc, name) => {
    const key = keyNamed(name);
    expect(decryptionKeysFrom(entry({ key, alg, enc }))).toEqual([{ key, alg, enc, kid: undefined }]);
  });

  it.each([
    ['RSA-OAEP-256', 'A256GCM', 'RSA 1024'],
    ['RSA-OAEP-256', 'A256GCM', 'RSA 2047'],
    ['RSA-OAEP-256', 'A256GCM', 'RSA 2048 public'],
    ['RSA-OAEP-256', 'A256GCM', 'P-256'],
    ['RSA-OAEP-256', 'A256GCM', '32 bytes'],
    ['ECDH-ES', 'A256GCM', 'secp256k1'],
    ['ECDH-ES', 'A256GCM', 'Ed25519'],
    ['ECDH-ES', 'A256GCM', 'X448'],
    ['ECDH-ES', 'A256GCM', 'RSA 2048'],
    ['A128KW', 'A256GCM', '15 bytes'],
    ['A128KW', 'A256GCM', '17 bytes'],
    ['A256KW', 'A256GCM', '31 bytes'],
    ['A256KW', 'A256GCM', '33 bytes'],
    ['A256KW', 'A256GCM', 'RSA 2048'],
    ['dir', 'A256GCM', '16 bytes'],
    ['dir', 'A256GCM', '0 bytes'],
    ['dir', 'A256CBC-HS512', '32 bytes'],
  ])('refuses a key that does not fit %s with %s: %s', async (alg, enc, name) => {
    await expectSetupError(() => decryptionKeysFrom(entry({ key: keyNamed(name), alg, enc })), {
      option: 'decryptionKeys[0].key',
      problem: `the key does not fit ${alg}`,
      remedy: 'Give a private RSA key',
    });
  });

  it.each(['RSA1_5', 'PBES2-HS256+A128KW', 'A128GCMKW', 'none', '', 'toString', undefined, null])(
    'does not offer alg %p',
    async (alg) => {
      await expectSetupError(() => decryptionKeysFrom(entry({ alg })), {
        option: 'decryptionKeys[0].alg',
        problem: 'the algorithm is not offered',
        remedy: 'Use one of RSA-OAEP,',
      });
    },
  );

  it.each(['none', 'A512GCM', 'a256gcm', '', 'toString', undefined])('does not offer enc %p', async (enc) => {
    await expectSetupError(() => decryptionKeysFrom(entry({ enc })), {
      option: 'decryptionKeys[0].enc',
      problem: 'the algorithm is not offered',
      remedy: 'Use one of A128GCM,',
    });
  });

  it('reads JWKs and PEM texts, and takes the kid of a JWK unless the entry gives one', () => {
    const jwk = (name: string, members: object = {}): Jwk =>
      ({ ...keyNamed(name).export({ format: 'jwk' }), ...members }) as Jwk;
    const pem = keyNamed('RSA 2048').export({ type: 'pkcs8', format: 'pem' });
    const ofKid = (changes: object) => decryptionKeysFrom(entry(changes))[0]?.kid;
    expect(ofKid({ key: pem })).toBeUndefined();
    expect(ofKid({ key: jwk('RSA 2048', { kid: 'a' }) })).toBe('a');
    expect(ofKid({ key: jwk('RSA 2048', { kid: 'a' }), kid: 'b' })).toBe('b');
    expect(ofKid({ key: jwk('32 bytes', { kid: 'c' }), alg: 'dir' })).toBe('c');
    expect(
      ofKid({
        key: jwk('P-256', { use: 'enc', alg: 'ECDH-ES', key_ops: ['deriveBits'] }),
        alg: 'ECDH-ES',
        kid: 'd',
      }),
    ).toBe('d');
  });

  it.each([
    ['use sig', { use: 'sig' }, 'the use of the key is not enc'],
    ['another alg', { alg: 'RSA-OAEP' }, 'the key is not for RSA-OAEP-256'],
    ['the alg of a signature', { alg: 'RS256' }, 'the key is not for RSA-OAEP-256'],
    ['key_ops for signing', { key_ops: ['sign'] }, 'key_ops does not allow decryption'],
    ['key_ops for encrypting', { key_ops: ['encrypt'] }, 'key_ops does not allow decryption'],
    ['malformed key_ops', { key_ops: 'decrypt' }, 'key_ops does not allow decryption'],
  ])('refuses a JWK with %s', async (_what, members, problem) => {
    const key = { ...keyNamed('RSA 2048').export({ format: 'jwk' }), ...members };
    await expectSetupError(() => decryptionKeysFrom(entry({ key })), {
      option: 'decryptionKeys[0].key',
      problem,
      remedy: 'Give a key that is for decryption with this algorithm alone.',
    });
  });

  it.each([
    ['a text that is no PEM', 'secret'],
    ['null', null],
    ['nothing', undefined],
    ['a number', 7],
    ['bytes', new Uint8Array(32)],
    ['an empty object', {}],
    ['an oct JWK without k', { kty: 'oct' }],
    ['an oct JWK whose k is not base64url', { kty: 'oct', k: 'a+/=' }],
    ['an unknown kind of JWK', { kty: 'XYZ' }],
  ])('cannot read %s as a key', async (_what, key) => {
    await expectSetupError(() => decryptionKeysFrom(entry({ key })), {
      option: 'decryptionKeys[0].key',
      problem: 'it cannot be read as a private or symmetric key',
      remedy: 'Give a private JWK',
    });
  });

  it('refuses a public JWK, and quotes no key', async () => {
    const key = publicJwk(keyNamed('RSA 2048').export({ format: 'jwk' }) as Jwk);
    const refused = () => decryptionKeysFrom(entry({ key }));
    await expectSetupError(refused, {
      option: 'decryptionKeys[0].key',
      problem: 'it cannot be read as a private or symmetric key',
      remedy: 'Give a private JWK',
    });
    const error = (await thrownBy(refused)) as Error;
    expect(error.message).not.toContain(key['n']);
    expect(error.cause).toBeUndefined();
  });

  it('refuses a kid that is not a text', async () => {
    await expectSetupError(() => decryptionKeysFrom(entry({ kid: 7 })), {
      option: 'decryptionKeys[0].kid',
      problem: 'it is not a string',
      remedy: 'Give the kid',
    });
  });

  it('refuses a misspelt option of an entry', async () => {
    await expectSetupError(() => decryptionKeysFrom(entry({ Enc: 'A256GCM' })), {
      option: 'decryptionKeys[0].Enc',
      problem: 'there is no such option',
      remedy: 'Did you mean enc?',
    });
  });

  it.each([{}, 'key', null])('refuses %p for a list', async (list) => {
    await expectSetupError(() => decryptionKeysFrom(list as never), {
      option: 'decryptionKeys',
      problem: 'it is not a list',
      remedy: 'Give a list',
    });
  });
});

describe('decryptionFrom', () => {
  it('decrypts nothing and requires nothing by default', () => {
    expect(decryptionFrom({})).toEqual({ keys: [], required: false });
  });

  it('refuses to require encryption without a key', async () => {
    await expectSetupError(() => decryptionFrom({ requireEncryption: true }), {
      option: 'requireEncryption',
      problem: 'encryption is required and there is no key to decrypt with',
      remedy: 'Give decryptionKeys, or leave requireEncryption out.',
    });
  });

  it.each(['true', 'false', 1, null])('refuses %p for a boolean', async (requireEncryption) => {
    await expectSetupError(() => decryptionFrom({ requireEncryption: requireEncryption as never }), {
      option: 'requireEncryption',
      problem: 'it is not a boolean',
      remedy: 'Give true or false.',
    });
  });
});
