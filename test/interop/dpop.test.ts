import { generateKeyPair as generateClientKey, generateProof } from 'dpop';
import { randomBytes, type webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createResourceServer } from '@assay/core';
import { principalOf, protect, requireSenderConstraint } from '@assay/express';
import express from 'express';
import * as oauth from 'oauth4webapi';
import { parseChallenges } from '../conformance/support/parse-challenges.js';
import { discover } from './support/foreign-client.js';
import { startForeignIssuer, type ForeignIssuer } from './support/foreign-issuer.js';
import { claimsIn } from './support/altered-token.js';

// Processes and key pairs take their time on a busy machine; nothing here waits for a clock.
jest.setTimeout(30_000);

const audience = 'https://orders.example';
// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; loopback is what it is for
const insecure = { [oauth.allowInsecureRequests]: true };

// oidc-provider issues the bound tokens, oauth4webapi and dpop make the proofs: only the API is ours.
describe('an API that demands DPoP with nonces', () => {
  let foreign: ForeignIssuer;
  let server: Server;
  let url: string;
  const seen: { status: number; nonce: string | undefined; proof: string | undefined }[] = [];

  beforeAll(async () => {
    foreign = await startForeignIssuer([{ resource: audience, scopes: ['orders:read'], alg: 'ES256' }], {
      dpop: true,
    });
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    url = `${origin}/shop/orders?page=2`;
    const api = createResourceServer({
      issuer: foreign.issuer,
      audience,
      allowInsecureLoopback: true,
      publicUrl: origin,
      requireSenderConstraint: 'dpop',
      dpop: { nonce: { secrets: [randomBytes(32)] } },
    });
    const app = express();
    app.use((request, response, next) => {
      response.on('finish', () => {
        const { statusCode: status } = response;
        const nonce = response.getHeader('dpop-nonce') as string | undefined;
        seen.push({ status, nonce, proof: request.get('dpop') });
      });
      next();
    });
    const shop = express.Router();
    shop.use(protect(api));
    shop.all('/orders', requireSenderConstraint('dpop'), (request, response) => {
      response.json({ for: principalOf(request).subject });
    });
    app.use('/shop', shop);
    server.on('request', app);
  });
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await foreign.close();
  });

  /** A bound token: the issuer demands a nonce of its own, so that the first request for it is refused. */
  async function boundToken(
    keyPair: webcrypto.CryptoKeyPair,
  ): Promise<{ token: string; dpop: oauth.DPoPHandle }> {
    const authorizationServer = await discover(foreign.issuer);
    const client: oauth.Client = { client_id: foreign.clientId };
    const dpop = oauth.DPoP(client, keyPair);
    const ask = async () => {
      const response = await oauth.clientCredentialsGrantRequest(
        authorizationServer,
        client,
        foreign.authentication(),
        { resource: audience, scope: 'orders:read' },
        { ...insecure, DPoP: dpop },
      );
      return oauth.processClientCredentialsResponse(authorizationServer, client, response);
    };
    const answer = await ask().catch((error: unknown) => {
      if (!oauth.isDPoPNonceError(error)) throw error;
      return ask();
    });
    expect(answer.token_type).toBe('dpop');
    return { token: answer.access_token, dpop };
  }

  it('oauth4webapi is told to use a nonce, tries again with it, and gets in', async () => {
    const { token, dpop } = await boundToken(await oauth.generateKeyPair('ES256'));
    expect(claimsIn(token)).toMatchObject({ cnf: { jkt: await dpop.calculateThumbprint() } });
    const call = (method: string) =>
      oauth.protectedResourceRequest(token, method, new URL(url), undefined, undefined, {
        ...insecure,
        DPoP: dpop,
      });
    const before = seen.length;
    const refused: unknown = await call('GET').then(undefined, (error: unknown) => error);
    expect(oauth.isDPoPNonceError(refused)).toBe(true);
    const response = await call('GET');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ for: foreign.clientId });
    expect(seen.slice(before).map(({ status }) => status)).toEqual([401, 200]);
    // From now on it has a nonce, and needs one request for each call.
    expect((await call('POST')).status).toBe(200);
    expect(seen.slice(before).map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  it('the proof that oauth4webapi has made is good once', async () => {
    const { token, dpop } = await boundToken(await oauth.generateKeyPair('ES256'));
    const call = () =>
      oauth.protectedResourceRequest(token, 'GET', new URL(url), undefined, undefined, {
        ...insecure,
        DPoP: dpop,
      });
    await call().catch(call);
    const headers = { authorization: `DPoP ${token}`, dpop: seen.at(-1)?.proof ?? '' };
    expect(seen.at(-1)?.status).toBe(200);
    const replayed = await fetch(url, { headers });
    expect(replayed.status).toBe(401);
    expect(await replayed.json()).toEqual({
      error: 'invalid_dpop_proof',
      error_description: 'The DPoP proof was used before.',
    });
  });

  it.each(['ES256', 'Ed25519'] as const)(
    'the proofs of dpop are accepted, with a nonce (%s)',
    async (alg) => {
      const keyPair = await generateClientKey(alg);
      const { token } = await boundToken(keyPair);
      const call = async (nonce?: string, method = 'GET') => {
        const proof = await generateProof(keyPair, url, method, nonce, token);
        return fetch(url, { method, headers: { authorization: `DPoP ${token}`, dpop: proof } });
      };
      const demanded = await call();
      expect(demanded.status).toBe(401);
      const [challenge, ...others] = parseChallenges(demanded.headers.get('www-authenticate') ?? '');
      expect(others).toEqual([]);
      expect(challenge).toMatchObject({ scheme: 'dpop', parameters: { error: 'use_dpop_nonce' } });
      expect(challenge?.parameters['algs']?.split(' ')).toContain(alg);

      const nonce = demanded.headers.get('dpop-nonce') ?? '';
      expect((await call(nonce)).status).toBe(200);
      expect((await call(nonce, 'DELETE')).status).toBe(200);
    },
  );

  it('the bound token is worth nothing to whoever has another key, or none', async () => {
    const { token } = await boundToken(await oauth.generateKeyPair('ES256'));
    const thief = await generateClientKey('ES256');
    const attempt = async (nonce?: string) =>
      fetch(url, {
        headers: {
          authorization: `DPoP ${token}`,
          dpop: await generateProof(thief, url, 'GET', nonce, token),
        },
      });
    const nonce = (await attempt()).headers.get('dpop-nonce') ?? '';
    const stolen = await attempt(nonce);
    expect(stolen.status).toBe(401);
    expect(await stolen.json()).toMatchObject({ error: 'invalid_token' });

    const asBearer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect(asBearer.status).toBe(401);
    expect(await asBearer.json()).toMatchObject({ error: 'invalid_token' });
  });
});
