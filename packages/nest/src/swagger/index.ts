// The public names of @assay/nest/swagger, one by one.
export { documentAssay } from './document-assay.js';
export type { OpenApiDocument } from './open-api-document.js';
