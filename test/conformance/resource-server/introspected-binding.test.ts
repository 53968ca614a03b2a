import { createHash } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Claims, FailureCode, ResourceServerOptions } from '@assay/core';
import { createProofBuilder, fixedClock, type ProofBuilder, type TokenBuilder } from '@assay/testing';
import { createCertificate, type Certified } from '../support/create-certificate.js';
import { dpopLines, expectChallenges } from '../support/dpop-api.js';
import { expectRefusal } from '../support/expect-refusal.js';
import {
  closeIntrospectionEndpoints,
  startIntrospectionEndpoint,
  type IntrospectionEndpoint,
} from '../support/introspection-endpoint.js';
import { baselineBuilder, nowSeconds } from '../support/protected-api.js';
import type { RawAnswer } from '../support/raw-http.js';
import { closeSenderApis, startSenderApi, type SenderApi } from '../support/sender-api.js';

/** Opaque tokens that are bound to keys, of which introspection alone can tell. */
const clock = fixedClock(nowSeconds);
let endpoint: IntrospectionEndpoint;
let builder: TokenBuilder;
let settings: ResourceServerOptions;

beforeAll(async () => {
  endpoint = await startIntrospectionEndpoint();
  builder = await baselineBuilder(clock);
  settings = {
    issuer: builder.issuer,
    audience: builder.audience,
    keys: builder.jwks,
    clock,
    leewaySeconds: 0,
    allowInsecureLoopback: true,
    introspection: { endpoint: endpoint.url, clientAuthentication: () => ({}), use: 'opaque-tokens' },
  };
});
afterAll(async () => {
  await closeSenderApis();
  await closeIntrospectionEndpoints();
});

let issued = 0;
/** A fresh opaque token, of which the endpoint says this. */
function tokenThat(members: Claims): string {
  const token = `opaque-${String((issued += 1))}`;
  endpoint.say(token, { active: true, ...builder.claims(), ...members });
  return token;
}

async function expectPasses(api: SenderApi, ask: () => Promise<RawAnswer>): Promise<void> {
  const before = api.handlerCalls();
  const answer = await ask();
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ for: 'user-1' });
  expect(api.handlerCalls()).toBe(before + 1);
}

describe('an opaque token that is bound to the key of a DPoP proof', () => {
  let api: SenderApi;
  let alice: ProofBuilder;
  let bob: ProofBuilder;
  beforeAll(async () => {
    api = await startSenderApi('Express', settings);
    alice = await createProofBuilder({ clock });
    bob = await createProofBuilder({ clock });
  });

  const boundTo = ({ thumbprint }: ProofBuilder, members: Claims = {}) =>
    tokenThat({ cnf: { jkt: thumbprint }, token_type: 'DPoP', ...members });
  const provenBy = (prover: ProofBuilder, accessToken: string) => () => {
    const proof = prover.proof({ url: 'https://api.example/orders', accessToken });
    return api.send({ lines: dpopLines(`DPoP ${accessToken}`, proof) });
  };
  const expectRefused = async (
    ask: () => Promise<RawAnswer>,
    code: FailureCode,
    schemes: Parameters<typeof expectChallenges>[2],
  ) => {
    const before = api.handlerCalls();
    expectChallenges(await ask(), code, schemes);
    expect(api.handlerCalls()).toBe(before);
  };

  it.each([{}, { token_type: undefined }, { token_type: 'dpop' }])(
    '[rfc9449-6.2-introspected-binding] passes with a proof by that key (%j)',
    async (members) => {
      await expectPasses(api, provenBy(alice, boundTo(alice, members)));
    },
  );

  it('[rfc9449-6.2-introspected-binding] is refused with a proof by another key', async () => {
    await expectRefused(provenBy(bob, boundTo(alice)), 'token.confirmation-mismatch', {
      dpop: 'token.confirmation-mismatch',
    });
  });

  it('[rfc9449-6.2-introspected-binding] [rfc9449-7.1-missing-proof] is refused without a proof', async () => {
    const ask = () => api.send({ lines: dpopLines(`DPoP ${boundTo(alice)}`) });
    await expectRefused(ask, 'proof.missing', { dpop: 'proof.missing' });
  });

  it('[rfc9449-6.2-introspected-binding] is refused under the Bearer scheme, with a proof and without', async () => {
    const token = boundTo(alice);
    const proof = alice.proof({ url: 'https://api.example/orders', accessToken: token });
    for (const lines of [dpopLines(`Bearer ${token}`), dpopLines(`Bearer ${token}`, proof)]) {
      const answer = await api.send({ lines });
      expect(answer.status).toBe(401);
      expect(answer.challenges.some(({ parameters }) => parameters['error'] === 'invalid_token')).toBe(true);
    }
  });

  it('[rfc9449-6.2-introspected-binding] is refused where the endpoint calls it a bearer token', async () => {
    await expectRefused(provenBy(alice, boundTo(alice, { token_type: 'Bearer' })), 'token.type-mismatch', {
      dpop: 'token.type-mismatch',
    });
  });

  it('[rfc9449-6.2-introspected-binding] is refused where the endpoint calls it a DPoP token and names no key', async () => {
    const token = tokenThat({ token_type: 'DPoP' });
    await expectRefused(provenBy(alice, token), 'token.type-mismatch', { dpop: 'token.type-mismatch' });
  });

  it('[rfc9449-6.2-introspected-binding] is refused where what it is bound to is malformed', async () => {
    const token = tokenThat({ cnf: { jkt: 7 } });
    await expectRefused(provenBy(alice, token), 'token.confirmation-unverifiable', {
      dpop: 'token.confirmation-unverifiable',
    });
  });
});

describe('an opaque token that is bound to a certificate', () => {
  let api: SenderApi;
  let authority: Certified;
  let alice: Certified;
  let bob: Certified;
  beforeAll(async () => {
    authority = await createCertificate({ commonName: 'Test CA', authority: true });
    const server = await createCertificate({
      commonName: 'api.example',
      addresses: ['127.0.0.1'],
      signedBy: authority,
    });
    alice = await createCertificate({ commonName: 'alice', signedBy: authority });
    bob = await createCertificate({ commonName: 'bob', signedBy: authority });
    const tls: TlsOptions = {
      key: await server.keyPem(),
      cert: server.certificatePem,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: false,
    };
    api = await startSenderApi('Express', settings, tls);
  });

  const boundTo = ({ der }: Certified, members: Claims = {}) =>
    tokenThat({ cnf: { 'x5t#S256': createHash('sha256').update(der).digest('base64url') }, ...members });
  const asking = (certified: Certified | undefined, token: string) => () =>
    api.sendAs({ certified }, { lines: [`Authorization: Bearer ${token}`] });
  const expectRefused = async (ask: () => Promise<RawAnswer>, code: FailureCode) => {
    const before = api.handlerCalls();
    expectRefusal(await ask(), code);
    expect(api.handlerCalls()).toBe(before);
  };

  it.each([{}, { token_type: 'Bearer' }])(
    '[rfc8705-3-cert-match] passes over a connection with that certificate (%j)',
    async (members) => {
      await expectPasses(api, asking(alice, boundTo(alice, members)));
    },
  );

  it('[rfc8705-3-cert-match] is refused over a connection with another certificate', async () => {
    await expectRefused(asking(bob, boundTo(alice)), 'token.confirmation-mismatch');
  });

  it('[rfc8705-3-cert-match] is refused with a renewed certificate for the same key', async () => {
    const renewed = await createCertificate({ commonName: 'alice', signedBy: authority, keys: alice.keys });
    await expectRefused(asking(renewed, boundTo(alice)), 'token.confirmation-mismatch');
    await expectPasses(api, asking(renewed, boundTo(renewed)));
  });

  it('[rfc8705-3-cert-match] is refused without a certificate', async () => {
    await expectRefused(asking(undefined, boundTo(alice)), 'token.certificate-required');
  });
});
