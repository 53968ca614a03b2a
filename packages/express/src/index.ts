// The public names of @assay/express, one by one.
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
  requirementMiddleware,
  requireScope,
  requireSenderConstraint,
  requireStepUp,
  requireSubjectKind,
} from './requirements.js';
