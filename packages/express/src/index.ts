// The public names of @assay/express, one by one.
export { principalOf } from './principal-of.js';
export { protect, type ProtectOptions } from './protect.js';
export type { FailureHandling } from './refuse.js';
export {
  requireAnyScope,
  requireAudience,
  requireClaim,
  requirementMiddleware,
  requireScope,
  requireSubjectKind,
} from './requirements.js';
