import 'reflect-metadata';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createResourceServer, type ResourceServer } from '@assay/core';
import { Test } from '@nestjs/testing';
import { createApp as createIssuer, createServer } from '../../examples/authorization-server/src/app.js';
import { createApp } from '../../examples/resource-server-express/src/app.js';
import { AppModule } from '../../examples/resource-server-nest/src/app.module.js';
import { ordersApi, reportsApi } from './support/example-apis.js';
import { assertionFor, callResource, discoverResource, tokenByAssertion } from './support/foreign-client.js';
import { keyPair } from './support/key-pair.js';
import { serve, type Service } from './support/serve.js';

// Processes and key pairs take their time on a busy machine; nothing here waits for a clock.
jest.setTimeout(30_000);

const agent = 'foreign-agent';
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function nestListener(resourceServer: ResourceServer): Promise<RequestListener> {
  const imports = [AppModule.for(resourceServer)];
  const app = (await Test.createTestingModule({ imports }).compile()).createNestApplication();
  await app.init();
  closing.push(() => app.close());
  return app.getHttpAdapter().getInstance() as RequestListener;
}

// An API at a loopback address that is its own resource identifier, so that a client needs that address and nothing else.
describe.each([
  { api: reportsApi, below: '', listenerOf: createApp },
  { api: reportsApi, below: '/reports', listenerOf: createApp },
  { api: ordersApi, below: '', listenerOf: nestListener },
  { api: ordersApi, below: '/orders', listenerOf: nestListener },
])('oauth4webapi at the address $below of $api.name', ({ api, below, listenerOf }) => {
  const { path, readScope, writeScope } = api;
  let resource: string;
  let address: string;
  let key: Awaited<ReturnType<typeof keyPair>>;

  beforeAll(async () => {
    key = await keyPair('agent-1');
    const service = await serve(async (origin) => {
      resource = `${origin}${below}`;
      const issuer = await startIssuer(resource);
      return listenerOf(
        createResourceServer({
          issuer: issuer.origin,
          audience: resource,
          metadata: { scopesSupported: [readScope, writeScope], resourceName: api.name },
          allowInsecureLoopback: true,
        }),
      );
    });
    closing.push(service.close);
    address = `${service.origin}${path}`;
  });

  it('finds the metadata where the challenge points to', async () => {
    const refusal: unknown = await callResource(address, 'worthless').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 });
    const { cause } = refusal as { cause: { parameters: Record<string, string> }[] };
    const challenged = cause[0]?.parameters['resource_metadata'];

    const { url, metadata } = await discoverResource(resource);
    expect(challenged).toBe(url);
    expect(metadata).toMatchObject({
      resource,
      resource_name: api.name,
      scopes_supported: [readScope, writeScope],
      bearer_methods_supported: ['header'],
    });
  });

  it('gets in with what the metadata says', async () => {
    const { metadata } = await discoverResource(resource);
    const [issuer = ''] = metadata.authorization_servers ?? [];
    const [scope = ''] = metadata.scopes_supported ?? [];
    const assertion = await assertionFor(issuer, { issuer: agent, key });
    const { access_token: token } = await tokenByAssertion(issuer, assertion, {
      clientId: agent,
      resource: metadata.resource,
      scope,
    });
    const response = await callResource(address, token);
    expect(response.status).toBe(200);
  });

  async function startIssuer(forResource: string): Promise<Service> {
    const resources = [{ resource: forResource, scopes: [readScope], accessTokenLifetimeSeconds: 300 }];
    const assertionIssuer = {
      issuer: agent,
      jwks: { keys: [key.publicJwk] },
      subjects: [agent],
      scopes: [readScope],
      clients: [agent],
      requireClient: false as const,
    };
    const issuer = await serve(async (origin) =>
      createIssuer(
        await createServer({
          issuer: origin,
          port: Number(new URL(origin).port),
          allowInsecureLoopback: true,
          resources,
          assertionIssuers: [assertionIssuer],
        }),
      ),
    );
    closing.push(issuer.close);
    return issuer;
  }
});
