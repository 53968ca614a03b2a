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
  authenticationOf,
  decisionRecorder,
  endAnswerWith,
  fulfilDuties,
  recordAuthentication,
  SetupError,
  type AssayError,
  type DecisionRecorder,
  type Principal,
  type ResourceServer,
} from '@assay/core';
import { closeWithPrincipal } from './connections/close-with-principal.js';
import { requestContextOf, type RequestContext } from './contexts/request-context.js';
import { guardName, namesOfGuardsOn } from './guard-name.js';
import { audienceOfRoute } from './metadata/audience-of-route.js';
import { anonymousWhereOptional } from './protection/anonymous-where-optional.js';
import { protectionFor } from './protection/protection-for.js';
import { refusalBy } from './refusals/refusal.js';
import { defaultResourceServerName, resourceServerToken } from './resource-server-token.js';

const logger = new Logger('AssayGuard');

/**
 * Lets a request reach its handler only with an access token that the resource server accepts and that meets what
 * the decorators demand.
 *
 * Error: throws `AssayHttpException` with status and challenge on the response; a `GraphQLError`, `WsException` or
 * `RpcException` where those are what is understood.
 * Throws: `SetupError` when it is made, where no module provides its resource server.
 */
@Injectable()
export class AssayGuard implements CanActivate {
  static readonly [guardName]: string = defaultResourceServerName;

  private readonly resourceServer: ResourceServer;
  private readonly adapterHost: HttpAdapterHost;
  /** Requests that are being authenticated: the fields of one GraphQL operation ask at the same time. */
  private readonly underWay = new WeakMap<object, Promise<Principal>>();

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
    const { access, requirements } = protectionFor(context);
    if (access === 'public') return true;
    const recorder = this.recorderFor(context, requestContext);
    try {
      const established = await this.principalOf(context, requestContext, { access, recorder });
      const request = requestContext.frameworkRequestOf(context);
      const principal =
        established && (await this.resourceServer.authorize(established, requirements, { request }));
      if (principal !== established) this.reduceTo(principal, requestContext.requestOf(context));
      const response = requestContext.responseOf?.(context);
      recorder.passes(principal, response);
      if (principal !== undefined && response !== undefined && isStreamOfEvents(context)) {
        endAnswerWith(principal, response, this.resourceServer, { format: 'event stream' });
      }
    } catch (error) {
      const refusal = refusalBy(this.resourceServer, error, { audience: audienceOfRoute(context) });
      recorder.refused(
        error,
        refusal.answer.status,
        this.establishedPrincipal(requestContext.requestOf(context)),
      );
      if (refusal.error.failure.fault === 'service') logFailure(refusal.error, context);
      throw await requestContext.refusalOf(context, refusal, this.adapterHost.httpAdapter);
    }
    return true;
  }

  /** One for a request over HTTP, however many guards judge it; elsewhere each judgement is a decision of its own. */
  private recorderFor(context: ExecutionContext, requestContext: RequestContext): DecisionRecorder {
    const isOnePerRequest = requestContext.responseOf !== undefined;
    const state = authenticationOf(requestContext.requestOf(context), this.resourceServer);
    if (isOnePerRequest && state?.recorder !== undefined) return state.recorder;
    return decisionRecorder(this.resourceServer, () => {
      const request = requestContext.viewOf(context, this.adapterHost.httpAdapter);
      const route = `${context.getClass().name}.${context.getHandler().name}`;
      return { request, route, action: request.method };
    });
  }

  private async principalOf(
    context: ExecutionContext,
    requestContext: RequestContext,
    { access, recorder }: { readonly access: 'protected' | 'optional'; readonly recorder: DecisionRecorder },
  ): Promise<Principal | undefined> {
    const request = requestContext.requestOf(context);
    const established = authenticationOf(request, this.resourceServer);
    if (established?.principal !== undefined) {
      await this.resourceServer.ensureCurrent(established.principal);
      // Another resource server may have spoken for the request meanwhile.
      recordAuthentication(request, established);
      return established.principal;
    }
    const establishing = this.establishOnce(request, () => this.establish(context, requestContext, recorder));
    const principal = await anonymousWhereOptional(establishing, access);
    if (principal === undefined)
      recordAuthentication(request, { principal, resourceServer: this.resourceServer, recorder });
    return principal;
  }

  /** Goes on with what the issuer has left of a principal. */
  private reduceTo(principal: Principal | undefined, request: object): void {
    const state = authenticationOf(request, this.resourceServer);
    recordAuthentication(request, { ...state, principal, resourceServer: this.resourceServer });
  }

  /** What an outer guard or middleware of the same resource server found: a proof is not asked for twice. */
  private establishedPrincipal(request: object): Principal | undefined {
    return authenticationOf(request, this.resourceServer)?.principal;
  }

  private establishOnce(request: object, establish: () => Promise<Principal>): Promise<Principal> {
    const underWay = this.underWay.get(request);
    if (underWay !== undefined) return underWay;
    const establishing = establish();
    const done = () => this.underWay.delete(request);
    this.underWay.set(request, establishing);
    establishing.then(done, done);
    return establishing;
  }

  /** Who sent the request, on record before anybody else can ask again. */
  private async establish(
    context: ExecutionContext,
    requestContext: RequestContext,
    recorder: DecisionRecorder,
  ): Promise<Principal> {
    const { resourceServer } = this;
    const view = requestContext.viewOf(context, this.adapterHost.httpAdapter);
    const response = (requestContext.responseOf ?? requestContext.carrierOf)?.(context);
    const fulfil = (principal: Principal | undefined) => {
      if (response !== undefined) fulfilDuties(response, resourceServer.answerDuties(view, principal));
    };
    try {
      const principal = await resourceServer.authenticate(view);
      fulfil(principal);
      const connection = requestContext.connectionOf?.(context);
      if (connection !== undefined) {
        closeWithPrincipal(principal, connection, resourceServer, { code: subscriptionUnauthorized });
      }
      recordAuthentication(requestContext.requestOf(context), { principal, resourceServer, recorder });
      return principal;
    } catch (error) {
      fulfil(undefined);
      throw error;
    }
  }

  /** Whether `@UseGuards` puts the guard of another resource server, and not this one, on the handler. */
  private leavesToAnother(context: ExecutionContext): boolean {
    const names = namesOfGuardsOn(context.getClass(), context.getHandler());
    return names.length > 0 && !names.includes(this.name);
  }

  private get name(): string {
    return (this.constructor as typeof AssayGuard)[guardName];
  }
}

/** How graphql-ws closes a connection that is no longer authorized. */
const subscriptionUnauthorized = 4401;

/** Whether `@Sse` stands on the handler: its answer may go on for longer than the token lives. */
function isStreamOfEvents(context: ExecutionContext): boolean {
  return Reflect.getMetadata('__sse__', context.getHandler()) === true;
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
