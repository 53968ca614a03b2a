// The public names of @assay/nest, one by one.
export { AssayHttpException } from './assay-http-exception.js';
export { AssayReport, type RouteReport } from './assay-report.js';
export { AssayGuard } from './assay.guard.js';
export { AssayModule } from './assay.module.js';
export { Audience } from './decorators/audience.js';
export { Claim } from './decorators/claim.js';
export { CurrentPrincipal } from './decorators/current-principal.js';
export { OptionalAuthentication } from './decorators/optional-authentication.js';
export { Public } from './decorators/public.js';
export { RequireActor } from './decorators/require-actor.js';
export { RequireAnyScope } from './decorators/require-any-scope.js';
export { RequireAuthorizationDetail } from './decorators/require-authorization-detail.js';
export { RequireClaim } from './decorators/require-claim.js';
export { RequireIntrospection } from './decorators/require-introspection.js';
export { RequireScope } from './decorators/require-scope.js';
export { RequireSenderConstraint } from './decorators/require-sender-constraint.js';
export { RequireSessionOwner } from './decorators/require-session-owner.js';
export { RequireStepUp } from './decorators/require-step-up.js';
export { RequireSubjectKind } from './decorators/require-subject-kind.js';
export { Require } from './decorators/require.js';
export type {
  AssayModuleAsyncOptions,
  AssayModuleExtras,
  AssayModuleOptions,
  AssayOptionsFactory,
} from './module-options.js';
export type { ProtectionDecorator } from './protection/declaration.js';
export { resourceServerToken } from './resource-server-token.js';
