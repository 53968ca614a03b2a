/** Tokens to verify: valid RFC 9068 access tokens, no two of them alike. */
import { createPublicKey, generateKeyPairSync, createPrivateKey, randomUUID, sign } from 'node:crypto';

export const issuer = 'https://as.example';
export const audience = 'https://api.example';

const kid = 'bench-1';
const keyOptions = {
  RS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
};

/**
 * Who signs: the algorithm, and the public key in the forms that verifiers take.
 *
 * @param {'RS256' | 'ES256'} alg
 */
export function createSigner(alg) {
  const [type, options] = keyOptions[alg];
  // Encodings and not key objects: exporting those of a fresh pair can lock up Node 20.
  const { publicKey: publicPem, privateKey: privatePem } = generateKeyPairSync(type, {
    ...options,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const publicKey = createPublicKey(publicPem);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
  return { alg, issuer, audience, publicPem, publicKey, jwk, privateKey: createPrivateKey(privatePem) };
}

/**
 * A valid token but for the claims given, and what a bare verification of it takes.
 *
 * @returns {{ token: string, input: Buffer, signature: Buffer }}
 */
export function createSample({ alg, privateKey }, claims = {}) {
  const text = [
    { alg, typ: 'at+jwt', kid },
    { ...validClaims(), ...claims },
  ]
    .map(segment)
    .join('.');
  const input = Buffer.from(text, 'latin1');
  const signature = sign('sha256', input, privateKey);
  const written = alg === 'ES256' ? fixedLengthSignature(signature) : signature;
  // Made in one piece, as a request's header line is: joined strings would be flattened at the verifier's cost.
  const token = Buffer.from(`${text}.${written.toString('base64url')}`, 'latin1').toString('latin1');
  return { token, input, signature };
}

/** R||S, as a JWS has it (RFC 7518 section 3.4), of an ECDSA signature in the DER form that node:crypto is quickest with. */
function fixedLengthSignature(der) {
  const endOfR = 4 + der[3];
  const integers = [der.subarray(4, endOfR), der.subarray(endOfR + 2)];
  return Buffer.concat(integers.map((integer) => Buffer.concat([Buffer.alloc(32), integer]).subarray(-32)));
}

/** What an access token for a person who signed in usually holds. */
function validClaims() {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: audience,
    sub: randomUUID(),
    client_id: 'orders-web',
    jti: randomUUID(),
    iat: nowSeconds,
    exp: nowSeconds + 3600,
    scope: 'openid profile orders:read orders:write',
    auth_time: nowSeconds - 60,
    acr: 'urn:example:loa:2',
    amr: ['pwd', 'otp'],
  };
}

function segment(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
