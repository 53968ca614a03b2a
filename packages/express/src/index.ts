// The public names of @assay/express, one by one.
export { endWithPrincipal } from './end-with-principal.js';
export { principalOf } from './principal-of.js';
export { protectedResourceMetadata } from './protected-resource-metadata.js';
export { protect, type ProtectOptions } from './protect.js';
export type { FailureHandling } from './refuse.js';
export {
  requireActor,
  requireAnyScope,
  requireAudience,
  requireAuthorizationDetail,
  requireClaim,
  requireIntrospection,
  requirementMiddleware,
  requireScope,
  requireSenderConstraint,
  requireSessionOwner,
  requireStepUp,
  requireSubjectKind,
} from './requirements.js';
