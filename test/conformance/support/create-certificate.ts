import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import type { Jwk } from '@assay/core';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto);

/** A certificate and its private key. */
export interface Certified {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly der: Buffer;
  readonly certificatePem: string;
  readonly keyPem: () => Promise<string>;
  /** The private key as a JWK without any member that is not part of the key. */
  readonly jwk: () => Promise<Jwk>;
  readonly commonName: string;
}

/** What a certificate is like. */
export interface CertificateOptions {
  readonly commonName: string;
  /** Default: P-256. */
  readonly keyType?: 'P-256' | 'RSA';
  /** A P-256 key that exists already, as for a certificate that is renewed. Default: a fresh key. */
  readonly keys?: webcrypto.CryptoKeyPair;
  /** IP addresses that it is for. Default: none. */
  readonly addresses?: readonly string[];
  /** DNS names that it is for. Default: none. */
  readonly names?: readonly string[];
  /** Default: a year from now. */
  readonly notAfter?: Date;
  /** Default: the certificate itself. */
  readonly signedBy?: Certified;
  /** Whether it may sign others. Default false. */
  readonly authority?: boolean;
}

const dayMs = 86_400_000;
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** Creates a certificate. */
export async function createCertificate(options: CertificateOptions): Promise<Certified> {
  const { commonName, keyType = 'P-256', addresses = [], names = [], signedBy, authority = false } = options;
  const algorithm = keyType === 'RSA' ? rsa : ecdsa;
  const keys = options.keys ?? (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']));
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: `CN=${signedBy?.commonName ?? commonName}`,
    notBefore: new Date(Date.now() - 30 * dayMs),
    notAfter: options.notAfter ?? new Date(Date.now() + 365 * dayMs),
    publicKey: keys.publicKey,
    signingKey: (signedBy?.keys ?? keys).privateKey,
    signingAlgorithm: signedBy === undefined ? algorithm : ecdsa,
    extensions: [
      new BasicConstraintsExtension(authority),
      new SubjectAlternativeNameExtension([
        ...addresses.map((value) => ({ type: 'ip' as const, value })),
        ...names.map((value) => ({ type: 'dns' as const, value })),
      ]),
    ],
  });
  return {
    keys,
    commonName,
    der: Buffer.from(certificate.rawData),
    certificatePem: certificate.toString('pem'),
    keyPem: async () => {
      const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
      return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
    },
    jwk: async () => {
      const exported = await webcrypto.subtle.exportKey('jwk', keys.privateKey);
      const members = Object.entries(exported).filter(([name]) => !['ext', 'key_ops', 'alg'].includes(name));
      return Object.fromEntries(members) as Jwk;
    },
  };
}
