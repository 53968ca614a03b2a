import { createHash } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  CertificateEncoding,
  ClientCertificateOptions,
  FailureCode,
  ResourceServerOptions,
} from '@assay/core';
import { fixedClock, type TokenBuilder } from '@assay/testing';
import { createCertificate, type Certified } from '../support/create-certificate.js';
import { expectRefusal } from '../support/expect-refusal.js';
import { baselineBuilder, nowSeconds } from '../support/protected-api.js';
import type { RawAnswer } from '../support/raw-http.js';
import { closeSenderApis, senderPlatforms, startSenderApi, type SenderApi } from '../support/sender-api.js';

const clock = fixedClock(nowSeconds);
/** The peers of these tests are on loopback, so that this list trusts them and the other one does not. */
const listed = ['10.0.0.5', '127.0.0.0/8'];
const unlisted = ['10.0.0.5', '127.0.0.2'];

let builder: TokenBuilder;
let settings: ResourceServerOptions;
let alice: Certified;
let bob: Certified;
let token: string;

const byteSequence = (bytes: Uint8Array) => `:${Buffer.from(bytes).toString('base64')}:`;
const tokenFor = ({ der }: Certified) =>
  builder.accessToken({ cnf: { 'x5t#S256': createHash('sha256').update(der).digest('base64url') } });
const authorization = (text: string) => `Authorization: Bearer ${text}`;

beforeAll(async () => {
  builder = await baselineBuilder(clock);
  settings = {
    issuer: builder.issuer,
    audience: builder.audience,
    keys: builder.jwks,
    clock,
    leewaySeconds: 0,
  };
  alice = await createCertificate({ commonName: 'alice' });
  bob = await createCertificate({ commonName: 'bob' });
  token = tokenFor(alice);
});
afterAll(closeSenderApis);

function expectPassed(answer: RawAnswer): void {
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ for: 'user-1' });
}

describe.each(senderPlatforms)('RFC 9440, certificates in a header, on %s', (platform) => {
  const start = (
    trustedProxies: readonly string[],
    clientCertificate: ClientCertificateOptions = { header: 'Client-Cert' },
    tls?: TlsOptions,
  ) => startSenderApi(platform, { ...settings, trustedProxies, clientCertificate }, tls);

  async function expectRefused(api: SenderApi, lines: readonly string[], code: FailureCode): Promise<void> {
    const before = api.handlerCalls();
    expectRefusal(await api.send({ lines }), code);
    expect(api.handlerCalls()).toBe(before);
  }

  it('[rfc9440-4-opt-in] [attack-28-mtls-header-spoofing] are ignored by default', async () => {
    const lines = [authorization(token), `Client-Cert: ${byteSequence(alice.der)}`];
    const byDefault = await startSenderApi(platform, settings);
    await expectRefused(byDefault, lines, 'token.certificate-required');
    // Proxies that say where a request went to do not say thereby who sent it.
    const withProxies = await startSenderApi(platform, { ...settings, trustedProxies: listed });
    await expectRefused(withProxies, lines, 'token.certificate-required');
  });

  describe('of proxies', () => {
    let behindProxy: SenderApi;
    let exposed: SenderApi;
    beforeAll(async () => {
      behindProxy = await start(listed);
      exposed = await start(unlisted);
    });

    it('[rfc9440-4-trusted-proxy] count when a listed peer sends them', async () => {
      const lines = [authorization(token), `Client-Cert: ${byteSequence(alice.der)}`];
      expectPassed(await behindProxy.send({ lines }));
      const others = [authorization(token), `Client-Cert: ${byteSequence(bob.der)}`];
      await expectRefused(behindProxy, others, 'token.confirmation-mismatch');
      await expectRefused(behindProxy, [authorization(token)], 'token.certificate-required');
    });

    it.each([
      [[]],
      [['X-Forwarded-For: 127.0.0.2']],
      [['X-Forwarded-For: 127.0.0.2, 10.0.0.5']],
      [['X-Forwarded-For: 10.0.0.5', 'X-Real-IP: 10.0.0.5']],
      [['Forwarded: for=10.0.0.5;by=10.0.0.5']],
      [['CF-Connecting-IP: 10.0.0.5', 'True-Client-IP: 10.0.0.5']],
    ])(
      '[rfc9440-4-trusted-proxy] [attack-28-mtls-header-spoofing] are ignored when another peer sends them, with %j',
      async (spoofed) => {
        const lines = [authorization(token), `Client-Cert: ${byteSequence(alice.der)}`, ...spoofed];
        await expectRefused(exposed, lines, 'token.certificate-required');
      },
    );

    const notOneCertificate: readonly (readonly [string, () => readonly string[]])[] = [
      ['an empty byte sequence', () => ['Client-Cert: ::']],
      ['nothing', () => ['Client-Cert:']],
      ['PEM', () => [`Client-Cert: ${alice.certificatePem.replace(/\n/g, ' ')}`]],
      ['URL-encoded PEM', () => [`Client-Cert: ${encodeURIComponent(alice.certificatePem)}`]],
      ['no colons', () => [`Client-Cert: ${alice.der.toString('base64')}`]],
      ['no first colon', () => [`Client-Cert: ${byteSequence(alice.der).slice(1)}`]],
      ['no last colon', () => [`Client-Cert: ${byteSequence(alice.der).slice(0, -1)}`]],
      ['the alphabet of base64url', () => [`Client-Cert: :${alice.der.toString('base64url')}:`]],
      [
        'a space within',
        () => [`Client-Cert: ${byteSequence(alice.der).replace(/^(.{40})/, (start) => `${start} `)}`],
      ],
      [
        'a byte behind the certificate',
        () => [`Client-Cert: ${byteSequence(Buffer.concat([alice.der, Buffer.alloc(1)]))}`],
      ],
      [
        'another certificate behind the certificate',
        () => [`Client-Cert: ${byteSequence(Buffer.concat([alice.der, bob.der]))}`],
      ],
      ['a parameter', () => [`Client-Cert: ${byteSequence(alice.der)};a=1`]],
      ['a list of two', () => [`Client-Cert: ${byteSequence(alice.der)}, ${byteSequence(alice.der)}`]],
      [
        'two lines',
        () => [`Client-Cert: ${byteSequence(alice.der)}`, `Client-Cert: ${byteSequence(alice.der)}`],
      ],
      [
        'two lines in different cases',
        () => [`Client-Cert: ${byteSequence(alice.der)}`, `CLIENT-CERT: ${byteSequence(bob.der)}`],
      ],
      ['the chain alone', () => [`Client-Cert-Chain: ${byteSequence(alice.der)}`]],
      ['another name', () => [`Client_Cert: ${byteSequence(alice.der)}`]],
    ];

    it.each(notOneCertificate)(
      '[rfc9440-2.1-encoding] count as none where the value is not one certificate: %s',
      async (_what, lines) => {
        await expectRefused(behindProxy, [authorization(token), ...lines()], 'token.certificate-required');
      },
    );

    it('[rfc9440-2.1-encoding] may come with a chain, which proves nothing', async () => {
      const chain = `Client-Cert-Chain: ${byteSequence(bob.der)}`;
      const lines = (certified: Certified) => [`Client-Cert: ${byteSequence(certified.der)}`, chain];
      expectPassed(await behindProxy.send({ lines: [authorization(token), ...lines(alice)] }));
      const bobs = authorization(tokenFor(bob));
      await expectRefused(behindProxy, [bobs, ...lines(alice)], 'token.confirmation-mismatch');
    });

    describe('in the encodings of vendors', () => {
      const written: Readonly<Record<CertificateEncoding, () => string>> = {
        rfc9440: () => byteSequence(alice.der),
        'url-encoded-pem': () => encodeURIComponent(alice.certificatePem),
        'base64-der': () => alice.der.toString('base64'),
      };
      const encodings = ['rfc9440', 'url-encoded-pem', 'base64-der'] as const;
      const header = 'X-Client-Certificate';
      const lines = (value: string) => [authorization(token), `${header}: ${value}`];

      it.each(encodings)('accept the one that was chosen, and no other: %s', async (encoding) => {
        const api = await start(listed, { header, encoding });
        expectPassed(await api.send({ lines: lines(written[encoding]()) }));
        for (const other of encodings.filter((name) => name !== encoding)) {
          await expectRefused(api, lines(written[other]()), 'token.certificate-required');
        }
      });

      it('accept what an Application Load Balancer of AWS makes of a chain', async () => {
        const api = await start(listed, { header, encoding: 'url-encoded-pem' });
        expectPassed(await api.send({ lines: lines(encodeURI(alice.certificatePem + bob.certificatePem)) }));
        const turned = lines(encodeURI(bob.certificatePem + alice.certificatePem));
        await expectRefused(api, turned, 'token.confirmation-mismatch');
      });

      it('accept what Traefik makes of a chain', async () => {
        const api = await start(listed, { header, encoding: 'base64-der' });
        const [alices, bobs] = [alice.der.toString('base64'), bob.der.toString('base64')];
        expectPassed(await api.send({ lines: lines(`${alices},${bobs}`) }));
        await expectRefused(api, lines(`${bobs},${alices}`), 'token.confirmation-mismatch');
      });
    });

    it.each(['/public', '/orders'])(
      '[rfc9440-2.4-cache] keep the answer out of caches, whatever the handler says of it: %s',
      async (target) => {
        const lines = [authorization(token), `Client-Cert: ${byteSequence(alice.der)}`];
        const answer = await behindProxy.send({ target, lines });
        expectPassed(answer);
        expect(answer.headers['cache-control']).toEqual(['no-store']);
      },
    );

    it('[rfc9440-2.4-cache] leave other answers as they are', async () => {
      const plain = [authorization(builder.accessToken())];
      const without = await behindProxy.send({ target: '/public', lines: plain });
      expectPassed(without);
      expect(without.headers['cache-control']).toEqual(['public, max-age=600']);
      const ignored = [...plain, `Client-Cert: ${byteSequence(alice.der)}`];
      const fromStranger = await exposed.send({ target: '/public', lines: ignored });
      expectPassed(fromStranger);
      expect(fromStranger.headers['cache-control']).toEqual(['public, max-age=600']);
    });
  });

  describe('beside a certificate of the connection', () => {
    let tls: TlsOptions;
    beforeAll(async () => {
      const server = await createCertificate({ commonName: 'api.example', addresses: ['127.0.0.1'] });
      tls = {
        key: await server.keyPem(),
        cert: server.certificatePem,
        requestCert: true,
        rejectUnauthorized: false,
      };
    });
    const sendAs = (api: SenderApi, certified: Certified, lines: readonly string[]) =>
      api.sendAs({ certified }, { lines });

    it('[rfc9440-4-trusted-proxy] count alone where the peer is a proxy, whose own certificate that is', async () => {
      const api = await start(listed, undefined, tls);
      const named = [authorization(token), `Client-Cert: ${byteSequence(alice.der)}`];
      expectPassed(await sendAs(api, bob, named));
      expectRefusal(
        await sendAs(api, bob, [authorization(tokenFor(bob)), `Client-Cert: ${byteSequence(alice.der)}`]),
        'token.confirmation-mismatch',
      );
      expectRefusal(await sendAs(api, bob, [authorization(tokenFor(bob))]), 'token.certificate-required');
    });

    it('[rfc9440-4-trusted-proxy] do not count where the peer is no proxy, but the client itself', async () => {
      const api = await start(unlisted, undefined, tls);
      const spoofed = `Client-Cert: ${byteSequence(alice.der)}`;
      expectRefusal(await sendAs(api, bob, [authorization(token), spoofed]), 'token.confirmation-mismatch');
      expectPassed(await sendAs(api, bob, [authorization(tokenFor(bob)), spoofed]));
    });
  });
});
