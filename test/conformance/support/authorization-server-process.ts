/**
 * An authorization server in a process of its own, with its uses on the Redis at the given port: says on which port it
 * listens, and knows one client, whose metadata is given as JSON.
 */
import type { AddressInfo } from 'node:net';
import { generateSigningJwk } from '@assay/core';
import { createAuthorizationServer, type ClientMetadata } from '@assay/core/authorization-server';
import { tokenRequest, tokenRequestOf } from '@assay/express/authorization-server';
import { redisStores } from '@assay/redis';
import express from 'express';
import { createClient } from 'redis';

const [redisPort = '', issuer = '', metadata = ''] = process.argv.slice(2);
const client = createClient({ url: `redis://127.0.0.1:${redisPort}` });
await client.connect();
const server = createAuthorizationServer({
  issuer,
  keys: [await generateSigningJwk('ES256')],
  resources: [{ resource: 'https://api.example', scopes: ['orders:read'] }],
  clients: [JSON.parse(metadata) as ClientMetadata],
  stores: redisStores(client, { timeoutMs: 20_000 }),
});
const app = express();
app.all('/token', tokenRequest(server), async (req, res) => {
  res.json(await server.issueAccessToken(tokenRequestOf(req)));
});
const listener = app.listen(0, '127.0.0.1', () => {
  console.log(String((listener.address() as AddressInfo).port));
});
