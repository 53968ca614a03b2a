import { createHash, X509Certificate } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FailureCode, ResourceServerOptions } from '@assay/core';
import { createProofBuilder, fixedClock, type ProofBuilder, type TokenBuilder } from '@assay/testing';
import { createCertificate, type Certified } from '../support/create-certificate.js';
import { expectRefusal } from '../support/expect-refusal.js';
import { baselineBuilder, nowSeconds } from '../support/protected-api.js';
import type { RawAnswer, RawRequest } from '../support/raw-http.js';
import { closeSenderApis, senderPlatforms, startSenderApi, type SenderApi } from '../support/sender-api.js';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const clock = fixedClock(nowSeconds);

let builder: TokenBuilder;
let settings: ResourceServerOptions;
/** The server asks for a certificate, and leaves open who has signed it. */
let tls: TlsOptions;
let authority: Certified;
let alice: Certified;
let bob: Certified;

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('base64url');
const boundToCertificate = ({ der }: Certified) => ({ 'x5t#S256': sha256(der) });
const tokenFor = (certified: Certified) => builder.accessToken({ cnf: boundToCertificate(certified) });
const provenBy = (prover: ProofBuilder, accessToken: string, target = '/orders') => {
  const proof = prover.proof({ url: `https://api.example${target}`, accessToken });
  return { lines: [`Authorization: DPoP ${accessToken}`, `DPoP: ${proof}`] };
};
const bearer = (token: string) => ({ lines: [`Authorization: Bearer ${token}`] });

beforeAll(async () => {
  builder = await baselineBuilder(clock);
  settings = {
    issuer: builder.issuer,
    audience: builder.audience,
    keys: builder.jwks,
    clock,
    leewaySeconds: 0,
  };
  authority = await createCertificate({ commonName: 'Test CA', authority: true });
  const server = await createCertificate({
    commonName: 'api.example',
    addresses: ['127.0.0.1'],
    signedBy: authority,
  });
  alice = await createCertificate({ commonName: 'alice', signedBy: authority });
  bob = await createCertificate({ commonName: 'bob', signedBy: authority });
  tls = {
    key: await server.keyPem(),
    cert: server.certificatePem,
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: false,
  };
});
afterAll(closeSenderApis);

async function expectPasses(api: SenderApi, ask: () => Promise<RawAnswer>): Promise<void> {
  const before = api.handlerCalls();
  const answer = await ask();
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ for: 'user-1' });
  expect(api.handlerCalls()).toBe(before + 1);
}

async function expectRefused(
  api: SenderApi,
  ask: () => Promise<RawAnswer>,
  code: FailureCode,
  challenge: Parameters<typeof expectRefusal>[2] = {},
): Promise<void> {
  const before = api.handlerCalls();
  expectRefusal(await ask(), code, challenge);
  expect(api.handlerCalls()).toBe(before);
}

describe.each(senderPlatforms)('RFC 8705, tokens bound to a certificate, on %s', (platform) => {
  let api: SenderApi;
  beforeAll(async () => {
    api = await startSenderApi(platform, settings, tls);
  });

  describe.each(versions)('over %s', (version) => {
    const asking = (certified: Certified | undefined, token: string) => () =>
      api.sendAs({ certified, version }, bearer(token));

    it('[rfc8705-3-cert-match] accepts a token over a connection with the certificate it is bound to', async () => {
      await expectPasses(api, asking(alice, tokenFor(alice)));
      await expectPasses(api, asking(bob, tokenFor(bob)));
    });

    it('[rfc8705-3-cert-match] refuses a token over a connection with another certificate', async () => {
      await expectRefused(api, asking(bob, tokenFor(alice)), 'token.confirmation-mismatch');
    });

    it('[rfc8705-3-cert-match] refuses a token over a connection with a renewed certificate for the same key', async () => {
      const renewed = await createCertificate({ commonName: 'alice', signedBy: authority, keys: alice.keys });
      await expectRefused(api, asking(renewed, tokenFor(alice)), 'token.confirmation-mismatch');
      await expectPasses(api, asking(renewed, tokenFor(renewed)));
    });

    it('[rfc8705-3-cert-match] refuses a token over a connection without a certificate', async () => {
      await expectRefused(api, asking(undefined, tokenFor(alice)), 'token.certificate-required');
    });

    it('accepts a token that is bound to nothing, with and without a certificate', async () => {
      await expectPasses(api, asking(undefined, builder.accessToken()));
      await expectPasses(api, asking(alice, builder.accessToken()));
    });

    describe('a TLS session that is resumed', () => {
      /** A session that was made with this certificate, or without one. */
      const sessionWith = async (certified?: Certified) => {
        const { status, session, wasResumed } = await api.sendAs(
          { certified, version },
          bearer(builder.accessToken()),
        );
        expect({ status, wasResumed }).toEqual({ status: 200, wasResumed: false });
        return session;
      };
      const resuming =
        (session: Buffer | undefined, certified: Certified | undefined, token: string) => async () => {
          const answer = await api.sendAs({ certified, version, session }, bearer(token));
          expect(answer.wasResumed).toBe(true);
          return answer;
        };

      it('[rfc8705-3-cert-match] still has the certificate of its first handshake', async () => {
        const session = await sessionWith(alice);
        await expectPasses(api, resuming(session, alice, tokenFor(alice)));
        await expectRefused(api, resuming(session, alice, tokenFor(bob)), 'token.confirmation-mismatch');
      });

      it('[rfc8705-3-cert-match] does not take on another certificate', async () => {
        const session = await sessionWith(alice);
        await expectRefused(api, resuming(session, bob, tokenFor(bob)), 'token.confirmation-mismatch');
      });

      it('[rfc8705-3-cert-match] has none where its first handshake had none', async () => {
        const session = await sessionWith();
        await expectRefused(api, resuming(session, alice, tokenFor(alice)), 'token.certificate-required');
      });
    });
  });

  describe('the thumbprint', () => {
    const thumbprints: readonly (readonly [string, FailureCode, () => string | Promise<string>])[] = [
      ['of the PEM text', 'token.confirmation-mismatch', () => sha256(alice.certificatePem)],
      [
        'of the PEM text without its last line break',
        'token.confirmation-mismatch',
        () => sha256(alice.certificatePem.trimEnd()),
      ],
      [
        'of the public key only',
        'token.confirmation-mismatch',
        () => sha256(new X509Certificate(alice.der).publicKey.export({ type: 'spki', format: 'der' })),
      ],
      [
        'in hexadecimal digits',
        'token.confirmation-unverifiable',
        () => createHash('sha256').update(alice.der).digest('hex'),
      ],
      [
        'in hexadecimal digits, encoded',
        'token.confirmation-unverifiable',
        () => Buffer.from(createHash('sha256').update(alice.der).digest('hex')).toString('base64url'),
      ],
      ['with padding', 'token.confirmation-unverifiable', () => `${sha256(alice.der)}=`],
      [
        'by SHA-1',
        'token.confirmation-unverifiable',
        () => createHash('sha1').update(alice.der).digest('base64url'),
      ],
      [
        'by SHA-512',
        'token.confirmation-unverifiable',
        () => createHash('sha512').update(alice.der).digest('base64url'),
      ],
      ['in another case', 'token.confirmation-mismatch', () => swappedCase(sha256(alice.der))],
      ['of nothing', 'token.confirmation-mismatch', () => sha256('')],
      ['that is empty', 'token.confirmation-unverifiable', () => ''],
    ];

    it.each(thumbprints)('[rfc8705-3.1-thumbprint] refuses one %s: %s', async (_what, code, thumbprint) => {
      const token = builder.accessToken({ cnf: { 'x5t#S256': await thumbprint() } });
      await expectRefused(api, () => api.sendAs({ certified: alice }, bearer(token)), code);
    });

    it.each([[['x']], [null], [1], [{}]])(
      '[rfc8705-3.1-thumbprint] refuses one that is %j and no text',
      async (given) => {
        const token = builder.accessToken({ cnf: { 'x5t#S256': given } });
        const ask = () => api.sendAs({ certified: alice }, bearer(token));
        await expectRefused(api, ask, 'token.confirmation-unverifiable');
      },
    );

    it('[rfc8705-3.1-thumbprint] accepts the unpadded base64url SHA-256 of the DER certificate', async () => {
      const cnf = { 'x5t#S256': createHash('sha256').update(alice.der).digest('base64url') };
      expect(cnf['x5t#S256']).toMatch(/^[A-Za-z0-9_-]{43}$/);
      await expectPasses(api, () => api.sendAs({ certified: alice }, bearer(builder.accessToken({ cnf }))));
    });
  });

  describe('the chain of the certificate', () => {
    const strangers: readonly (readonly [string, () => Promise<Certified>])[] = [
      ['signed by itself', () => createCertificate({ commonName: 'alice' })],
      [
        'signed by another authority of the same name',
        async () => {
          const signedBy = await createCertificate({ commonName: 'Test CA', authority: true });
          return createCertificate({ commonName: 'alice', signedBy });
        },
      ],
      [
        'that has expired',
        () =>
          createCertificate({
            commonName: 'alice',
            signedBy: authority,
            notAfter: new Date(Date.now() - 86_400_000),
          }),
      ],
    ];

    it.each(strangers)(
      '[rfc8705-6.2-no-chain] does not count: a certificate %s is proof of its key',
      async (_what, make) => {
        const stranger = await make();
        await expectPasses(api, () => api.sendAs({ certified: stranger }, bearer(tokenFor(stranger))));
        const ask = () => api.sendAs({ certified: stranger }, bearer(tokenFor(alice)));
        await expectRefused(api, ask, 'token.confirmation-mismatch');
      },
    );

    it('[rfc8705-6.2-no-chain] does not count: a trusted certificate is no better than another', async () => {
      const stranger = await createCertificate({ commonName: 'alice' });
      const ask = () => api.sendAs({ certified: alice }, bearer(tokenFor(stranger)));
      await expectRefused(api, ask, 'token.confirmation-mismatch');
    });
  });

  describe('a token that is bound to a key and to a certificate', () => {
    let prover: ProofBuilder;
    let token: string;
    beforeAll(async () => {
      prover = await createProofBuilder({ clock });
      token = builder.accessToken({ cnf: { jkt: prover.thumbprint, ...boundToCertificate(alice) } });
    });
    const withProof = (by: ProofBuilder = prover) => provenBy(by, token);

    it('[rfc8705-3-both-bindings] [attack-28-mtls-header-spoofing] needs both', async () => {
      await expectPasses(api, () => api.sendAs({ certified: alice }, withProof()));
    });

    it('[rfc8705-3-both-bindings] [attack-28-mtls-header-spoofing] is refused with the proof alone', async () => {
      const onDpop = { blamed: 'dpop' } as const;
      await expectRefused(api, () => api.sendAs({}, withProof()), 'token.certificate-required', onDpop);
      const asBob = () => api.sendAs({ certified: bob }, withProof());
      await expectRefused(api, asBob, 'token.confirmation-mismatch', onDpop);
    });

    it('[rfc8705-3-both-bindings] [attack-28-mtls-header-spoofing] is refused with the certificate alone', async () => {
      const asAlice = (request: RawRequest) => () => api.sendAs({ certified: alice }, request);
      await expectRefused(api, asAlice(bearer(token)), 'token.proof-required', {
        challenged: ['bearer', 'dpop'],
      });
      const withoutProof = { lines: [`Authorization: DPoP ${token}`] };
      await expectRefused(api, asAlice(withoutProof), 'proof.missing', { blamed: 'dpop' });
      const byAnother = withProof(await createProofBuilder({ clock }));
      await expectRefused(api, asAlice(byAnother), 'token.confirmation-mismatch', { blamed: 'dpop' });
    });
  });
});

describe.each(senderPlatforms)('a server that never asks for a certificate, on %s', (platform) => {
  it('[rfc8705-3-cert-match] refuses bound tokens', async () => {
    const silent = await startSenderApi(platform, settings, { ...tls, requestCert: false });
    const plain = await startSenderApi(platform, settings);
    const token = tokenFor(alice);
    await expectRefused(
      silent,
      () => silent.sendAs({ certified: alice }, bearer(token)),
      'token.certificate-required',
    );
    await expectRefused(plain, () => plain.send(bearer(token)), 'token.certificate-required');
  });
});

describe.each(senderPlatforms)('a route that insists on bound tokens, on %s', (platform) => {
  let api: SenderApi;
  let prover: ProofBuilder;
  beforeAll(async () => {
    api = await startSenderApi(platform, settings, tls);
    prover = await createProofBuilder({ clock });
  });

  const asking = (target: string, request: RawRequest) => () =>
    api.sendAs({ certified: alice }, { ...request, target });
  const withProof = (target: string) =>
    provenBy(prover, builder.accessToken({ cnf: { jkt: prover.thumbprint } }), target);

  it.each([
    ['mtls', ['bearer']],
    ['any', ['bearer', 'dpop']],
    ['dpop', ['bearer', 'dpop']],
  ] as const)(
    '[rfc9700-2.2.1-require-binding] refuses a token that is bound to nothing: %s',
    async (constraint, challenged) => {
      const ask = asking(`/bound/${constraint}`, bearer(builder.accessToken()));
      await expectRefused(api, ask, 'token.confirmation-missing', { challenged });
    },
  );

  it.each(['mtls', 'any'])(
    '[rfc9700-2.2.1-require-binding] accepts a token that is bound to a certificate, with it: %s',
    async (constraint) => {
      const target = `/bound/${constraint}`;
      await expectPasses(api, asking(target, bearer(tokenFor(alice))));
      await expectRefused(api, asking(target, bearer(tokenFor(bob))), 'token.confirmation-mismatch');
    },
  );

  it.each(['dpop', 'any'])(
    '[rfc9700-2.2.1-require-binding] accepts a token that is bound to a key, with its proof: %s',
    async (constraint) => {
      const target = `/bound/${constraint}`;
      await expectPasses(api, asking(target, withProof(target)));
    },
  );

  it('[rfc9700-2.2.1-require-binding] tells a certificate from a key', async () => {
    const dpop = asking('/bound/mtls', withProof('/bound/mtls'));
    await expectRefused(api, dpop, 'token.confirmation-missing', { blamed: 'dpop' });
    const mtls = asking('/bound/dpop', bearer(tokenFor(alice)));
    await expectRefused(api, mtls, 'token.confirmation-missing', { challenged: ['bearer', 'dpop'] });
  });
});

describe('a server that insists on certificates', () => {
  const requiring = (requireSenderConstraint: 'mtls' | 'dpop' | 'any') =>
    startSenderApi('Express', { ...settings, requireSenderConstraint }, tls);

  it.each([
    ['mtls', ['bearer']],
    ['any', ['bearer', 'dpop']],
  ] as const)(
    '[rfc9700-2.2.1-require-binding] refuses a token that is bound to nothing, and accepts a bound one: %s',
    async (constraint, challenged) => {
      const api = await requiring(constraint);
      const asking = (certified: Certified | undefined, token: string) => () =>
        api.sendAs({ certified }, bearer(token));
      await expectRefused(api, asking(alice, builder.accessToken()), 'token.confirmation-missing', {
        challenged,
      });
      await expectPasses(api, asking(alice, tokenFor(alice)));
      await expectRefused(api, asking(bob, tokenFor(alice)), 'token.confirmation-mismatch', { challenged });
      await expectRefused(api, asking(undefined, tokenFor(alice)), 'token.certificate-required', {
        challenged,
      });
    },
  );

  it('[rfc9700-2.2.1-require-binding] tells a certificate from a DPoP key', async () => {
    const prover = await createProofBuilder({ clock });
    const token = builder.accessToken({ cnf: { jkt: prover.thumbprint } });
    const withProof = (api: SenderApi) => () => api.sendAs({ certified: alice }, provenBy(prover, token));
    const withCertificate = (api: SenderApi) => () =>
      api.sendAs({ certified: alice }, bearer(tokenFor(alice)));

    const mtls = await requiring('mtls');
    await expectPasses(mtls, withCertificate(mtls));
    await expectRefused(mtls, withProof(mtls), 'token.confirmation-missing', {
      blamed: 'dpop',
    });
    const either = await requiring('any');
    await expectPasses(either, withCertificate(either));
    await expectPasses(either, withProof(either));
    const dpop = await requiring('dpop');
    await expectPasses(dpop, withProof(dpop));
    await expectRefused(dpop, withCertificate(dpop), 'token.confirmation-missing', {
      challenged: ['bearer', 'dpop'],
    });
  });
});

/** Letters in the other case: the same text to those who do not look closely. */
function swappedCase(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
