import { createPublicKey, createSecretKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningJwk, type Jwk } from '@assay/core';
import type { ClientMetadata } from '@assay/core/authorization-server';
import { compactJws, fixedClock, publicJwk } from '@assay/testing';
import {
  clientA,
  clientAssertion,
  clientB,
  closeClientEndpoints,
  credentials,
  expectBadAssertion,
  expectRefusal,
  expectToken,
  issuer,
  keyOfA,
  keyOfB,
  nowSeconds,
  startClientEndpoint,
  type ClientEndpoint,
} from '../support/client-endpoint.js';
import { closeDocumentServers, startDocumentServer } from '../support/document-server.js';
import { macToken } from '../support/mac-token.js';

/** The signature of a client assertion and the keys that may have made it, over HTTP. */

let endpoint: ClientEndpoint;
beforeAll(async () => {
  endpoint = await startClientEndpoint();
});
afterAll(async () => {
  await closeClientEndpoints();
  await closeDocumentServers();
});

const stranger = { ...(await generateSigningJwk('ES256')), kid: 'stranger' } as Jwk;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = (jti: string) => ({
  iss: 'client-a',
  sub: 'client-a',
  aud: issuer,
  iat: nowSeconds,
  exp: nowSeconds + 60,
  jti,
});

describe('the signature of a client assertion', () => {
  it('[rfc7523-3-ca-signature-required] refuses a payload that was changed', async () => {
    const [header, , signature] = clientAssertion().split('.');
    const [, payload] = clientAssertion({ jti: 'another' }).split('.');
    expectBadAssertion(await endpoint.authenticate([header, payload, signature].join('.')));
  });

  it('[rfc7523-3-ca-signature-required] refuses a key that is not registered, under any kid', async () => {
    expectBadAssertion(await endpoint.authenticate(clientAssertion({}, { key: stranger })));
    const asA = { key: stranger, header: { kid: 'a1' } };
    expectBadAssertion(await endpoint.authenticate(clientAssertion({}, asA)));
    expectBadAssertion(
      await endpoint.authenticate(clientAssertion({}, { key: stranger, header: { kid: undefined } })),
    );
  });

  it.each(['none', 'None', 'nOnE', 'NONE'])(
    '[rfc7523-3-ca-signature-required] refuses the algorithm %s',
    async (alg) => {
      const unsigned = `${encode({ alg })}.${encode(claims('none'))}.`;
      expectBadAssertion(await endpoint.authenticate(unsigned));
      const signed = clientAssertion({}, { header: { alg } });
      expectBadAssertion(await endpoint.authenticate(signed));
    },
  );

  const publicKey = createPublicKey({ key: { ...publicJwk(keyOfA) }, format: 'jwk' });
  it.each([
    ['the PEM of the public key', publicKey.export({ type: 'spki', format: 'pem' })],
    ['the JWK of the public key', JSON.stringify(publicJwk(keyOfA))],
    ['a client_secret', 'the-secret-that-the-client-had-before-it-got-a-key'],
  ])('[rfc7523-3-ca-hs-refused-for-private-key] refuses a MAC with %s', async (_form, secret) => {
    const key = createSecretKey(Buffer.from(secret));
    for (const header of [{ alg: 'HS256', kid: 'a1' }, { alg: 'HS256' }]) {
      const jwt = macToken({ header, claims: claims('mac'), secret: key });
      expectBadAssertion(await endpoint.authenticate(jwt));
    }
  });

  it.each([
    ['two segments', () => clientAssertion().split('.').slice(0, 2).join('.')],
    ['five segments', () => `${clientAssertion()}.a.b`],
    ['characters that are not base64url', () => clientAssertion().replace(/.$/, '+')],
    ['padding', () => `${clientAssertion()}=`],
    ['a member twice', () => raw(JSON.stringify(claims('twice')).replace('{', '{"iss":"client-a",'))],
    ['a list for a payload', () => raw(JSON.stringify([claims('list')]))],
    ['a payload that is no JSON', () => raw('{')],
    ['an unknown crit', () => clientAssertion({}, { header: { crit: ['x'], x: 1 } })],
    ['an empty crit', () => clientAssertion({}, { header: { crit: [] } })],
    ['no jti', () => clientAssertion({ jti: undefined })],
    ['an empty jti', () => clientAssertion({ jti: '' })],
    ['a jti that is a number', () => clientAssertion({ jti: 1 })],
    ['a jti of 257 characters', () => clientAssertion({ jti: 'j'.repeat(257) })],
    ['a confirmation', () => clientAssertion({ cnf: { jkt: 'x' } })],
    ['16385 characters', () => clientAssertion({ padding: 'x'.repeat(16_384) })],
  ])('[rfc7523-3-ca-otherwise-invalid] refuses an assertion with %s', async (_form, jwt) => {
    expectBadAssertion(await endpoint.authenticate(jwt()));
  });

  const raw = (payload: string) => compactJws({ header: { alg: 'ES256', kid: 'a1' }, payload, key: keyOfA });

  it('[rfc7523-3-ca-otherwise-invalid] accepts the same without these faults', async () => {
    expectToken(await endpoint.authenticate(raw(JSON.stringify(claims('no fault')))));
    expectToken(await endpoint.authenticate(clientAssertion({ jti: 'j'.repeat(256) })));
  });
});

describe('the algorithm of a client assertion', () => {
  let rsaKey: Jwk;
  beforeAll(async () => {
    rsaKey = { ...(await generateSigningJwk('RS256')), kid: 'r1' };
  });
  const rsaOf = (alg: 'RS256' | 'PS256') => clientAssertion({}, { key: rsaKey, alg, header: { alg } });

  it('[rfc7523-5-rs256-supported] may be RS256 by default', async () => {
    const { authenticate, server } = await startClientEndpoint({
      clients: [{ ...clientA, jwks: { keys: [publicJwk(rsaKey)] } }],
    });
    expectToken(await authenticate(rsaOf('RS256')));
    expect(server.metadata().token_endpoint_auth_signing_alg_values_supported).toContain('RS256');
  });

  it('[rfc7523-3-ca-alg-pinned] is the registered one and no other', async () => {
    const withoutAlg = { ...publicJwk(rsaKey), alg: undefined } as Jwk;
    const jwks = { keys: [publicJwk(keyOfA), withoutAlg] };
    const pinned = { ...clientA, jwks, token_endpoint_auth_signing_alg: 'ES256' } as const;
    const { authenticate } = await startClientEndpoint({ clients: [pinned] });
    expectToken(await authenticate());
    expectBadAssertion(await authenticate(rsaOf('PS256')));
    expectBadAssertion(await authenticate(rsaOf('RS256')));
    const ps256 = {
      ...pinned,
      jwks: { keys: [withoutAlg] },
      token_endpoint_auth_signing_alg: 'PS256',
    } as const;
    const other = await startClientEndpoint({ clients: [ps256] });
    expectToken(await other.authenticate(rsaOf('PS256')));
    expectBadAssertion(await other.authenticate(rsaOf('RS256')));
  });
});

describe('the keys of a client', () => {
  it.each(['jku', 'x5u', 'jwk', 'x5c'])(
    '[rfc7523-3-ca-key-from-registration] do not come from the header %s, and nothing is fetched',
    async (name) => {
      const attacker = await startDocumentServer();
      attacker.serve('/keys', { keys: [publicJwk(stranger)] });
      const values = {
        jku: `${attacker.origin}/keys`,
        x5u: `${attacker.origin}/keys`,
        jwk: publicJwk(stranger),
        x5c: ['MIIB'],
      };
      const urls: string[] = [];
      const fetch = (url: string) => Promise.reject(new Error(`no request is due ${String(urls.push(url))}`));
      const { authenticate } = await startClientEndpoint({ fetch, allowInsecureLoopback: true });
      for (const kid of ['a1', 'stranger', undefined]) {
        const header = { [name]: values[name as keyof typeof values], kid };
        expectBadAssertion(await authenticate(clientAssertion({}, { key: stranger, header })));
      }
      expect({ urls, requests: attacker.requests }).toEqual({ urls: [], requests: [] });
    },
  );

  it('[rfc7523-3-ca-kid-other-client] are not those of another client', async () => {
    const byB = clientAssertion({}, { key: keyOfB });
    expectBadAssertion(await endpoint.authenticate(byB));
    const ofB = clientAssertion({ iss: 'client-b', sub: 'client-b' }, { key: keyOfB });
    expectToken(await endpoint.authenticate(ofB), 'client-b');
  });

  it('[rfc7523-3-ca-jwks-uri-rotation] are fetched anew once for an unknown kid, and seldom in a flood', async () => {
    const documents = await startDocumentServer();
    documents.serve('/a', { keys: [publicJwk(keyOfA)] });
    const clock = fixedClock(nowSeconds);
    const client = {
      client_id: 'client-a',
      jwks_uri: `${documents.origin}/a`,
      grant_types: clientA.grant_types,
      scope: 'orders:read',
    };
    const { authenticate } = await startClientEndpoint({
      clients: [client, clientB],
      allowInsecureLoopback: true,
      clock,
    });
    expectToken(await authenticate());
    const next = { ...stranger, kid: 'new' };
    documents.serve('/a', { keys: [publicJwk(keyOfA), publicJwk(next)] });
    expectToken(await authenticate(clientAssertion({}, { key: next })));
    expect(documents.requests).toEqual(['/a', '/a']);

    for (let index = 0; index < 100; index++) {
      const header = { kid: `random ${String(index)}` };
      expectBadAssertion(await authenticate(clientAssertion({}, { header })));
      clock.advanceSeconds(0.1);
    }
    // Ten seconds, and six fetches a minute for unknown keys.
    expect(documents.requests.length).toBeGreaterThan(2);
    expect(documents.requests.length).toBeLessThanOrEqual(1 + 6);
    const times = { iat: clock.nowSeconds(), exp: clock.nowSeconds() + 60 };
    expectToken(await authenticate(clientAssertion(times)));
  });

  it('that cannot be had are a 503 and no wrong client, and those of others do not suffer', async () => {
    const documents = await startDocumentServer();
    const client = { ...clientB, jwks: undefined, jwks_uri: `${documents.origin}/b` } as never;
    const { post, authenticate } = await startClientEndpoint({
      clients: [clientA, client],
      allowInsecureLoopback: true,
    });
    const ofB = clientAssertion({ iss: 'client-b', sub: 'client-b' }, { key: keyOfB });
    const answer = await post({ grant_type: 'client_credentials', ...credentials(ofB) });
    expectRefusal(answer, 'service.keys-unavailable', 503);
    expect(answer.body['error']).toBe('temporarily_unavailable');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expectToken(await authenticate());
  });
});

describe('a registry of clients', () => {
  it('is asked for the client, and its answer counts at once', async () => {
    const known = new Map<string, ClientMetadata>([['client-a', clientA]]);
    const { authenticate, server } = await startClientEndpoint({
      clients: { find: (clientId) => Promise.resolve(known.get(clientId)) },
    });
    expectToken(await authenticate());
    known.delete('client-a');
    expectBadAssertion(await authenticate());
    const record = { ...clientA, jwks: { keys: [publicJwk(keyOfA)] } };
    known.set('client-a', record);
    expectToken(await authenticate());
    record.jwks.keys = [publicJwk(keyOfB)];
    expectBadAssertion(await authenticate());
    expect(server.metadata()).toMatchObject({
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
      grant_types_supported: expect.arrayContaining(['client_credentials']),
    });
  });

  it('that compares loosely lends nobody the name of another', async () => {
    const { authenticate } = await startClientEndpoint({ clients: { find: () => clientA } });
    expectToken(await authenticate());
    expectBadAssertion(await authenticate(clientAssertion({ iss: 'Client-A', sub: 'Client-A' })));
    expectBadAssertion(await authenticate(clientAssertion({}), { client_id: 'Client-A' }));
  });

  it('keeps the keys of a client between requests', async () => {
    const documents = await startDocumentServer();
    documents.serve('/a', { keys: [publicJwk(keyOfA)] });
    const find = () => ({
      client_id: 'client-a',
      jwks_uri: `${documents.origin}/a`,
      grant_types: ['client_credentials'],
      scope: 'orders:read',
    });
    const { authenticate } = await startClientEndpoint({ clients: { find }, allowInsecureLoopback: true });
    for (let count = 0; count < 3; count++) expectToken(await authenticate());
    expect(documents.requests).toEqual(['/a']);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('down'))],
    ['describes a client badly', () => ({ client_id: 'client-a', grant_types: 'all' }) as never],
  ])('that %s is a 503', async (_form, find) => {
    const { authenticate } = await startClientEndpoint({ clients: { find } });
    expectRefusal(await authenticate(), 'service.clients-unavailable', 503);
  });
});
