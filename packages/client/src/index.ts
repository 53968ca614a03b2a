// The public names of @assay/client, one by one. What is not here is private.
export { ClientError, type ClientErrorCode, type ClientErrorDetails } from './client-error.js';
export { createJwtBearerClient, type JwtBearerClient } from './jwt-bearer-client.js';
export type { AssertionOptions, JwtBearerClientOptions } from './jwt-bearer-settings.js';
export type { ResourceFetch } from './resource-fetch.js';
export type { AccessToken } from './token-cache.js';
