import { randomUUID } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { signedJwt, type KeyPair } from './key-pair.js';

/** The wire side of a client, by oauth4webapi: nothing of Assay is in it. */

// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; loopback is what it is for
const insecure = { [oauth.allowInsecureRequests]: true };

/** The metadata of an authorization server, once oauth4webapi finds it in order (RFC 8414). */
export async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
  const identifier = new URL(issuer);
  const response = await oauth.discoveryRequest(identifier, { ...insecure, algorithm: 'oauth2' });
  return oauth.processDiscoveryResponse(identifier, response);
}

/** The metadata of a protected resource, once oauth4webapi finds it in order, and where it found it (RFC 9728). */
export async function discoverResource(
  resource: string,
): Promise<{ readonly url: string; readonly metadata: oauth.ResourceServer }> {
  const identifier = new URL(resource);
  const response = await oauth.resourceDiscoveryRequest(identifier, insecure);
  return { url: response.url, metadata: await oauth.processResourceDiscoveryResponse(identifier, response) };
}

/** What a token is asked for. */
export interface Access {
  readonly resource: string;
  readonly scope: string;
}

/** An access token by client credentials, the client authenticated with `private_key_jwt`. */
export async function tokenByClientCredentials(
  issuer: string,
  { clientId, key: { privateKey: key, kid } }: { clientId: string; key: KeyPair },
  access: Access,
): Promise<string> {
  const server = await discover(issuer);
  const client: oauth.Client = { client_id: clientId };
  const authentication = oauth.PrivateKeyJwt({ key, kid });
  const response = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    authentication,
    { ...access },
    insecure,
  );
  const { access_token: token } = await oauth.processClientCredentialsResponse(server, client, response);
  return token;
}

/** The answer to a JWT-bearer grant (RFC 7523 section 2.1). The client has no credentials but the assertion. */
export async function tokenByAssertion(
  issuer: string,
  assertion: string,
  { clientId, ...access }: Access & { clientId: string },
): Promise<oauth.TokenEndpointResponse> {
  const server = await discover(issuer);
  const client: oauth.Client = { client_id: clientId };
  const response = await oauth.genericTokenEndpointRequest(
    server,
    client,
    oauth.None(),
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    { assertion, ...access },
    insecure,
  );
  return oauth.processGenericTokenEndpointResponse(server, client, response);
}

/** An assertion that is valid for a minute, signed with Web Crypto. */
export function assertionFor(
  audience: string,
  { issuer, key }: { issuer: string; key: KeyPair },
): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return signedJwt(key, {
    iss: issuer,
    sub: issuer,
    aud: audience,
    iat: nowSeconds,
    exp: nowSeconds + 60,
    jti: randomUUID(),
  });
}

/** The claims of an access token, once oauth4webapi has validated it as a resource server (RFC 9068 section 4). */
export async function validatedClaims(
  issuer: string,
  token: string,
  audience: string,
): Promise<oauth.JWTAccessTokenClaims> {
  const request = new Request(audience, { headers: { authorization: `Bearer ${token}` } });
  return oauth.validateJwtAccessToken(await discover(issuer), request, audience, insecure);
}

/** Calls a protected resource. Rejects with the challenges as oauth4webapi reads them, where there are any. */
export function callResource(url: string, token: string, method = 'GET'): Promise<Response> {
  return oauth.protectedResourceRequest(token, method, new URL(url), undefined, undefined, insecure);
}
