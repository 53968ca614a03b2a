import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  certificateIsForwarded,
  certificateThumbprintOf,
  type CertificateEncoding,
} from '../../src/binding/client-certificate.js';
import { requestViewOf, type RequestView } from '../../src/request-view.js';
import { createCertificate } from '../../../../test/conformance/support/create-certificate.js';

const trusted = () => true;
const untrusted = () => false;

describe('the certificate of a client', () => {
  let der: Buffer;
  let otherDer: Buffer;
  let pem: string;
  let otherPem: string;
  let base64: string;
  let thumbprint: string;
  let otherThumbprint: string;

  beforeAll(async () => {
    const certified = await createCertificate({ commonName: 'client' });
    const other = await createCertificate({ commonName: 'other', keyType: 'RSA' });
    ({ der, certificatePem: pem } = certified);
    ({ der: otherDer, certificatePem: otherPem } = other);
    base64 = der.toString('base64');
    thumbprint = createHash('sha256').update(der).digest('base64url');
    otherThumbprint = createHash('sha256').update(otherDer).digest('base64url');
  });

  /** A request with these lines of `Client-Cert`, over a connection with this certificate. */
  const requestWith = (lines: readonly string[], peer?: Buffer): RequestView =>
    requestViewOf({
      rawHeaders: lines.flatMap((line) => ['Client-Cert', line]),
      headers: {},
      socket: {
        remoteAddress: '10.0.0.5',
        ...(peer === undefined ? {} : { getPeerX509Certificate: () => ({ raw: peer }) }),
      },
    });

  const inHeader = (encoding: CertificateEncoding, ...lines: readonly string[]) =>
    certificateThumbprintOf(requestWith(lines), {
      header: { name: 'client-cert', encoding },
      trustedProxies: trusted,
    });

  describe('whose certificate counts', () => {
    const header = { name: 'client-cert', encoding: 'rfc9440' } as const;
    const line = () => [`:${base64}:`];

    it('is that of the connection where no header was named', () => {
      const source = { header: undefined, trustedProxies: trusted };
      expect(certificateThumbprintOf(requestWith(line(), otherDer), source)).toBe(otherThumbprint);
      expect(certificateThumbprintOf(requestWith(line()), source)).toBeUndefined();
    });

    it('is that of the connection where the peer is no trusted proxy', () => {
      const source = { header, trustedProxies: untrusted };
      expect(certificateThumbprintOf(requestWith(line(), otherDer), source)).toBe(otherThumbprint);
      expect(certificateThumbprintOf(requestWith(line()), source)).toBeUndefined();
    });

    it('is that of the header, and not that of the proxy itself, behind a trusted proxy', () => {
      const source = { header, trustedProxies: trusted };
      expect(certificateThumbprintOf(requestWith(line(), otherDer), source)).toBe(thumbprint);
      expect(certificateThumbprintOf(requestWith([], otherDer), source)).toBeUndefined();
      expect(certificateThumbprintOf(requestWith(['x'], otherDer), source)).toBeUndefined();
    });

    it('is none where there is no connection', () => {
      const request = { method: 'GET', url: '/', headers: {} };
      const source = { header: undefined, trustedProxies: untrusted };
      expect(certificateThumbprintOf(request, source)).toBeUndefined();
    });
  });

  describe('rfc9440', () => {
    it('is one byte sequence of a structured field', () => {
      expect(inHeader('rfc9440', `:${base64}:`)).toBe(thumbprint);
      expect(inHeader('rfc9440', ` :${base64}:\t`)).toBe(thumbprint);
    });

    it('may leave the padding out', () => {
      for (const bytes of [der, otherDer]) {
        const unpadded = bytes.toString('base64').replace(/=+$/, '');
        const expected = createHash('sha256').update(bytes).digest('base64url');
        expect(inHeader('rfc9440', `:${unpadded}:`)).toBe(expected);
      }
    });

    it.each<readonly [string, () => readonly string[]]>([
      ['nothing', () => ['']],
      ['an empty byte sequence', () => ['::']],
      ['a colon', () => [':']],
      ['no colons', () => [base64]],
      ['no first colon', () => [`${base64}:`]],
      ['no last colon', () => [`:${base64}`]],
      ['three colons', () => [`::${base64}:`]],
      ['a parameter', () => [`:${base64}:;a=1`]],
      ['a list', () => [`:${base64}:, :${base64}:`]],
      ['a list without space', () => [`:${base64}:,:${base64}:`]],
      ['two lines', () => [`:${base64}:`, `:${base64}:`]],
      ['two lines, the first empty', () => ['', `:${base64}:`]],
      ['a string', () => [`"${base64}"`]],
      ['the alphabet of base64url', () => [`:${otherDer.toString('base64url')}:`]],
      ['a space within', () => [`:${base64.slice(0, 8)} ${base64.slice(8)}:`]],
      ['a space before the end', () => [`:${base64} :`]],
      ['padding within', () => [`:${base64.slice(0, 8)}==${base64.slice(8)}:`]],
      ['too much padding', () => [`:${base64.replace(/=*$/, '====')}:`]],
      ['a character too many', () => [`:${base64.replace(/=*$/, '')}AAAAA:`]],
      ['PEM', () => [pem.replace(/\n/g, ' ')]],
      ['PEM in a byte sequence', () => [`:${Buffer.from(pem).toString('base64')}:`]],
      ['URL-encoded PEM', () => [encodeURIComponent(pem)]],
      ['a byte behind the certificate', () => [byteSequence(Buffer.concat([der, Buffer.from([0])]))]],
      ['a byte before the certificate', () => [byteSequence(Buffer.concat([Buffer.from([0]), der]))]],
      ['two certificates', () => [byteSequence(Buffer.concat([der, otherDer]))]],
      ['half a certificate', () => [byteSequence(der.subarray(0, der.length / 2))]],
      ['a certificate without its last byte', () => [byteSequence(der.subarray(0, -1))]],
      ['something else', () => [byteSequence(Buffer.from('no certificate'))]],
    ])('is no certificate with %s', (_what, lines) => {
      expect(inHeader('rfc9440', ...lines())).toBeUndefined();
    });

    it('is no certificate where the chain stands alone', () => {
      const request = requestViewOf({ rawHeaders: ['Client-Cert-Chain', `:${base64}:`], headers: {} });
      const source = {
        header: { name: 'client-cert', encoding: 'rfc9440' as const },
        trustedProxies: trusted,
      };
      expect(certificateThumbprintOf(request, source)).toBeUndefined();
    });
  });

  describe('url-encoded-pem', () => {
    /** What nginx, Envoy and others write: every reserved character is encoded. */
    const everything = (text: string) => encodeURIComponent(text);
    /** What an Application Load Balancer of AWS writes: `+`, `=` and `/` are left alone. */
    const someThings = (text: string) => encodeURI(text);

    it('is PEM with percent-encoding, with and without the last line break', () => {
      expect(everything(pem)).toMatch(/%0A[A-Za-z0-9%]+/);
      for (const text of [pem, pem.trimEnd(), pem.replace(/\n/g, '\r\n')]) {
        expect(inHeader('url-encoded-pem', everything(text))).toBe(thumbprint);
        expect(inHeader('url-encoded-pem', someThings(text))).toBe(thumbprint);
      }
    });

    it('takes a plus sign for a plus sign', () => {
      // In a thousand characters there is one.
      expect(otherPem).toContain('+');
      expect(someThings(otherPem)).toContain('+');
      expect(inHeader('url-encoded-pem', someThings(otherPem))).toBe(otherThumbprint);
    });

    it('goes by the first certificate of a chain, which is that of the client', () => {
      expect(inHeader('url-encoded-pem', everything(pem + otherPem))).toBe(thumbprint);
      expect(inHeader('url-encoded-pem', someThings(otherPem + pem))).toBe(otherThumbprint);
    });

    it.each<readonly [string, () => readonly string[]]>([
      ['nothing', () => ['']],
      ['a hyphen, which is how Envoy says that there is none', () => ['-']],
      ['base64 alone', () => [base64]],
      ['a byte sequence', () => [`:${base64}:`]],
      ['half an escape', () => [`${everything(pem)}%`]],
      ['an escape that is none', () => [`${everything(pem)}%zz`]],
      ['bytes that are no UTF-8', () => [`${everything(pem)}%ff`]],
      ['an encoding of the encoding', () => [everything(everything(pem))]],
      ['plus signs for spaces', () => [everything(pem).replace(/%20/g, '+')]],
      ['a text before', () => [everything(`x${pem}`)]],
      ['a text behind', () => [everything(`${pem}x`)]],
      ['a text between two', () => [everything(`${pem}x${otherPem}`)]],
      ['a comma between two', () => [`${everything(pem)},${everything(otherPem)}`]],
      ['no begin', () => [everything(pem.replace(/-+BEGIN CERTIFICATE-+/, ''))]],
      ['no end', () => [everything(pem.replace(/-+END CERTIFICATE-+/, ''))]],
      ['nothing within', () => [everything(pem.replace(base64Lines(pem), ''))]],
      ['another kind of block', () => [everything(pem.replaceAll('CERTIFICATE', 'PUBLIC KEY'))]],
      ['headers within', () => [everything(pem.replace('-----\n', '-----\nA: b\n\n'))]],
      ['a byte behind the certificate', () => [everything(pemOf(Buffer.concat([der, Buffer.from([0])])))]],
      ['two certificates in one block', () => [everything(pemOf(Buffer.concat([der, otherDer])))]],
      ['two lines', () => [everything(pem), everything(pem)]],
    ])('is no certificate with %s', (_what, lines) => {
      expect(inHeader('url-encoded-pem', ...lines())).toBeUndefined();
    });
  });

  describe('base64-der', () => {
    it('is the base64 of a certificate', () => {
      expect(inHeader('base64-der', base64)).toBe(thumbprint);
      expect(inHeader('base64-der', base64.replace(/=+$/, ''))).toBe(thumbprint);
    });

    it('goes by the first certificate of a chain, which is that of the client', () => {
      const other = otherDer.toString('base64');
      expect(inHeader('base64-der', `${base64},${other}`)).toBe(thumbprint);
      expect(inHeader('base64-der', `${other},${base64}`)).toBe(otherThumbprint);
    });

    it.each<readonly [string, () => readonly string[]]>([
      ['nothing', () => ['']],
      ['a byte sequence', () => [`:${base64}:`]],
      ['PEM', () => [pem.replace(/\n/g, '')]],
      ['URL-encoded PEM', () => [encodeURIComponent(pem)]],
      ['the fields of Envoy', () => [`Hash=00;Cert="${encodeURIComponent(pem)}"`]],
      ['quotes', () => [`"${base64}"`]],
      ['lines that something joined', () => [`${base64}, ${base64}`]],
      ['nothing before a comma', () => [`,${base64}`]],
      ['something else in its chain', () => [`${base64},x-y`]],
      ['a byte behind the certificate', () => [Buffer.concat([der, Buffer.from([0])]).toString('base64')]],
      ['two lines', () => [base64, base64]],
    ])('is no certificate with %s', (_what, lines) => {
      expect(inHeader('base64-der', ...lines())).toBeUndefined();
    });
  });

  it('makes the answer depend on the header where a trusted proxy sent it, whatever it says', () => {
    const header = { name: 'client-cert', encoding: 'rfc9440' } as const;
    const depends = (lines: readonly string[], source: Parameters<typeof certificateIsForwarded>[1]) =>
      certificateIsForwarded(requestWith(lines), source);
    expect(depends([`:${base64}:`], { header, trustedProxies: trusted })).toBe(true);
    expect(depends(['x'], { header, trustedProxies: trusted })).toBe(true);
    expect(depends([], { header, trustedProxies: trusted })).toBe(false);
    expect(depends([`:${base64}:`], { header, trustedProxies: untrusted })).toBe(false);
    expect(depends([`:${base64}:`], { header: undefined, trustedProxies: trusted })).toBe(false);
  });
});

function byteSequence(bytes: Buffer): string {
  return `:${bytes.toString('base64')}:`;
}

function pemOf(bytes: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

function base64Lines(pem: string): string {
  return pem.replace(/-----[A-Z ]+-----/g, '').trim();
}
