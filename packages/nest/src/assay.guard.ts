import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  AssayError,
  authenticationOf,
  isAssayError,
  recordAuthentication,
  SetupError,
  type Principal,
  type RequestView,
  type ResourceServer,
} from '@assay/core';
import { requestContextOf, type RequestContext } from './contexts/request-context.js';
import { guardName, namesOfGuardsOn } from './guard-name.js';
import { protectionFor } from './protection/protection-for.js';
import { defaultResourceServerName, resourceServerToken } from './resource-server-token.js';

const logger = new Logger('AssayGuard');

/**
 * Lets a request reach its handler only with an access token that the resource server accepts and that meets what
 * the decorators demand.
 *
 * Error: throws `AssayHttpException` with status and challenge on the response.
 * Throws: `SetupError` when it is made, where no module provides its resource server.
 */
@Injectable()
export class AssayGuard implements CanActivate {
  static readonly [guardName]: string = defaultResourceServerName;

  private readonly resourceServer: ResourceServer;
  private readonly adapterHost: HttpAdapterHost;

  constructor(
    @Optional() @Inject(resourceServerToken()) resourceServer: ResourceServer | undefined,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
  ) {
    this.resourceServer = resourceServer ?? missingResourceServer(this.name);
    this.adapterHost = adapterHost;
  }

  /** The guard of the resource server with a name: `@UseGuards(AssayGuard.for('partner'))`. */
  static for(name: string): Type<AssayGuard> {
    const known = namedGuards.get(name) ?? namedGuard(name);
    namedGuards.set(name, known);
    return known;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const requestContext = requestContextOf(context);
    if (this.leavesToAnother(context)) return true;
    try {
      await this.judge(context, requestContext);
    } catch (error) {
      throw this.refusalOf(error, context, requestContext);
    }
    return true;
  }

  private async judge(context: ExecutionContext, requestContext: RequestContext): Promise<void> {
    const { access, requirements } = protectionFor(context);
    if (access === 'public') return;
    const request = requestContext.requestOf(context);
    const view = requestContext.viewOf(context, this.adapterHost.httpAdapter);
    const principal = this.establishedPrincipal(request) ?? (await this.authenticate(view, access));
    recordAuthentication(request, { principal, resourceServer: this.resourceServer });
    if (principal !== undefined) {
      await this.resourceServer.authorize(principal, requirements, {
        request: requestContext.frameworkRequestOf(context),
      });
    }
  }

  /** What an outer guard or middleware of the same resource server found: a proof is not asked for twice. */
  private establishedPrincipal(request: object): Principal | undefined {
    const state = authenticationOf(request);
    return state?.resourceServer === this.resourceServer ? state.principal : undefined;
  }

  private async authenticate(
    view: RequestView,
    access: 'protected' | 'optional',
  ): Promise<Principal | undefined> {
    try {
      return await this.resourceServer.authenticate(view);
    } catch (error) {
      if (access === 'optional' && isAssayError(error, 'request.token-missing')) return undefined;
      throw error;
    }
  }

  /** Whether `@UseGuards` puts the guard of another resource server, and not this one, on the handler. */
  private leavesToAnother(context: ExecutionContext): boolean {
    const names = namesOfGuardsOn(context.getClass(), context.getHandler());
    return names.length > 0 && !names.includes(this.name);
  }

  private refusalOf(error: unknown, context: ExecutionContext, requestContext: RequestContext): Error {
    const known = isAssayError(error) ? error : new AssayError('service.failed', { cause: error });
    if (known.failure.fault === 'service') logFailure(known, context);
    const answer = this.resourceServer.challenge(known);
    return requestContext.refusalOf(context, { error: known, answer }, this.adapterHost.httpAdapter);
  }

  private get name(): string {
    return (this.constructor as typeof AssayGuard)[guardName];
  }
}

// One class for each name, because Nest knows a provider by its class.
const namedGuards = new Map<string, Type<AssayGuard>>();

function namedGuard(name: string): Type<AssayGuard> {
  @Injectable()
  class NamedAssayGuard extends AssayGuard {
    static override readonly [guardName] = name;

    constructor(
      @Optional() @Inject(resourceServerToken(name)) resourceServer: ResourceServer | undefined,
      @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
    ) {
      super(resourceServer, adapterHost);
    }
  }
  return Object.defineProperty(NamedAssayGuard, 'name', { value: `AssayGuard(${name})` });
}

function missingResourceServer(name: string): never {
  const isDefault = name === defaultResourceServerName;
  throw new SetupError({
    option: isDefault ? 'AssayGuard' : `AssayGuard.for('${name}')`,
    problem: 'there is no such resource server',
    remedy: `Import AssayModule.forRoot({ ${isDefault ? '' : `name: '${name}', `}issuer, audience }) in the root module.`,
  });
}

/** Code and place for whoever is on call. The message of the cause is left out: it may quote what was received. */
function logFailure({ code, cause }: AssayError, context: ExecutionContext): void {
  const kind = cause instanceof Error ? ` (${cause.name})` : '';
  logger.error(`${context.getClass().name}.${context.getHandler().name}: ${code}${kind}`);
}
