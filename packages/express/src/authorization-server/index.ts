// The public names of @assay/express/authorization-server, one by one.
export { authorizationServerMetadata, jwks } from './documents.js';
export { tokenErrors } from './token-errors.js';
export { tokenRequest, tokenRequestOf } from './token-request.js';
