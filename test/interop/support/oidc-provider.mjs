/**
 * oidc-provider as a process of its own, as it would be met in the field: the parent sends one message with the
 * resource servers and the client's keys, gets the issuer identifier back, and then every error event.
 */
import { randomBytes, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider, errors } from 'oidc-provider';

const errorEvents = ['grant.error', 'discovery.error', 'jwks.error', 'server_error'];

process.once('disconnect', () => process.exit(0));
const [{ resources, client, dpop, lifetimeSeconds }] = await once(process, 'message');

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: client.id,
      grant_types: ['client_credentials'],
      dpop_bound_access_tokens: dpop,
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [client.publicJwk] },
    },
  ],
  clientAuthMethods: ['private_key_jwt'],
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  jwks: { keys: await Promise.all([ecKey(), rsaKey()]) },
  ttl: { ClientCredentials: lifetimeSeconds },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => dpop },
    resourceIndicators: { enabled: true, getResourceServerInfo, useGrantedResource: () => true },
  },
});
for (const event of errorEvents) {
  provider.on(event, (_context, error) => process.send({ failure: describe(event, error) }));
}
server.on('request', provider.callback());
process.send({ issuer });

function getResourceServerInfo(_context, indicator) {
  const found = resources.find(({ resource }) => resource === indicator);
  if (found === undefined) throw new errors.InvalidTarget();
  return {
    audience: found.resource,
    scope: found.scopes.join(' '),
    accessTokenTTL: lifetimeSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: found.alg } },
  };
}

function ecKey() {
  return signingKey({ name: 'ECDSA', namedCurve: 'P-256' }, { kid: 'issuer-ec', alg: 'ES256' });
}

function rsaKey() {
  const publicExponent = new Uint8Array([1, 0, 1]);
  return signingKey(
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent, hash: 'SHA-256' },
    { kid: 'issuer-rsa', alg: 'RS256' },
  );
}

async function signingKey(algorithm, names) {
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const jwk = { ...(await webcrypto.subtle.exportKey('jwk', privateKey)), ...names, use: 'sig' };
  // oidc-provider publishes it as it is: a public key that may sign and not verify.
  delete jwk.key_ops;
  return jwk;
}

/** It tells its clients little, and its operator more. */
function describe(event, { message, error_description: told, error_detail: detail }) {
  return [event, message, told, detail].filter((part) => part !== undefined).join(': ');
}
