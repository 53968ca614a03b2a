import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { currentPrincipal } from './current-principal.js';

/**
 * A claim of the request's token: `list(@Claim('tenant') tenant: unknown)`. Its value is as the issuer wrote it, of any
 * shape; `undefined` where the token has no such claim, and where `@CurrentPrincipal` is.
 *
 * Error: as `@CurrentPrincipal`.
 */
export const Claim: (name: string) => ParameterDecorator = createParamDecorator(
  (name: string, context: ExecutionContext): unknown => {
    const claims = currentPrincipal(context)?.claims ?? {};
    return Object.hasOwn(claims, name) ? claims[name] : undefined;
  },
);
