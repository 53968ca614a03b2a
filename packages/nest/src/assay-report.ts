import { Inject, Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { isGateway } from './connections/gateways.js';
import { methodsOf } from './protection/methods-of.js';
import { protectionOf } from './protection/protection-of.js';
import { checkHandler } from './report/check-handler.js';
import { checkModules } from './report/check-modules.js';
import { gatewayHandlersOf } from './report/gateway-handlers.js';
import { gatewaysReached, reachesFields, type GlobalGuardReach } from './report/global-guard-reach.js';
import type { GuardedHandler } from './report/guarded-handler.js';
import { httpHandlersOf } from './report/http-handlers.js';
import { Judges } from './report/judges.js';
import { messageHandlerProtections } from './report/message-handlers.js';
import { listenersWatched } from './report/microservice-listeners.js';
import { resolverHandlersOf } from './report/resolver-handlers.js';
import { graphqlResolversOf } from './report/resolvers.js';

const logger = new Logger('AssayReport');

/** One route, message, event, query or field, and who may use it. */
export interface RouteReport {
  /**
   * `GET`, …; `ALL` for every method of HTTP. `CONNECT` and `WS` for the connections and messages of a gateway, `MESSAGE`
   * and `EVENT` for those of a microservice, `QUERY`, `MUTATION`, `SUBSCRIPTION`, `FIELD` and `REFERENCE` for GraphQL.
   */
  readonly method: string;
  /** As the decorators declare it; without global prefix, module path and version. The name of a message or a field. */
  readonly path: string;
  /** `OrdersController.list` */
  readonly handler: string;
  /** `unguarded`: no guard judges it, because the guard is manual, or it is a field that demands nothing itself. */
  readonly access: 'protected' | 'optional' | 'public' | 'unguarded';
  /** What is demanded beside a token: `scope orders:read`. */
  readonly requirements: readonly string[];
  /** The names of the resource servers whose tokens it takes. */
  readonly resourceServers: readonly string[];
}

/**
 * Judges every controller, gateway and resolver at start-up, and reports how each of their handlers is protected.
 *
 * Throws: `SetupError` naming class and method, at `onModuleInit`, for decorators that contradict each other, that no
 * guard enforces, or that name an audience that is none, and for handlers that the guard cannot reach. For those of a
 * microservice already where it is connected.
 */
@Injectable()
export class AssayReport implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Judges) private readonly judges: Judges,
    @Inject(listenersWatched) private readonly areListenersWatched: boolean,
    @Inject(gatewaysReached) private readonly areGatewaysReached: boolean,
  ) {}

  onModuleInit(): void {
    if (!this.isFirstOfItsKind()) return;
    checkModules(this.judges.modules());
    for (const type of this.handlerTypes()) {
      // Contradictions are mistakes on any method; what a guard has to enforce is a matter of handlers.
      for (const name of methodsOf(type).keys()) protectionOf(type, name);
    }
    this.handlers().forEach(checkHandler);
    for (const route of this.report()) logger.log(lineOf(route));
  }

  /** Every handler of the application, in the order of the modules: controllers, then gateways and resolvers. */
  report(): readonly RouteReport[] {
    return this.handlers().flatMap(({ where, method, paths, protection, judgedBy }) => {
      const { access, requirements } = protection;
      return paths.map((path) => ({
        method,
        path,
        handler: where,
        access: judgedBy.length === 0 && access !== 'public' ? 'unguarded' : access,
        requirements: requirements.map(({ description }) => description),
        resourceServers: access === 'public' ? [] : judgedBy.map(({ name }) => name),
      }));
    });
  }
  private handlers(): readonly GuardedHandler[] {
    const reach: GlobalGuardReach = {
      gateways: this.areGatewaysReached,
      fields: reachesFields(this.discovery),
    };
    const seenByListeners = this.areListenersWatched ? this.judges.global() : [];
    return [
      ...this.controllers().flatMap((controller) => [
        ...httpHandlersOf(controller, this.judges),
        ...messageHandlerProtections(controller, this.judges, seenByListeners),
      ]),
      ...this.gateways().flatMap((gateway) => gatewayHandlersOf(gateway, this.judges, reach)),
      ...this.resolvers().flatMap((resolver) => resolverHandlersOf(resolver, this.judges, reach)),
    ];
  }

  private handlerTypes(): readonly Type[] {
    return [...new Set([...this.controllers(), ...this.gateways(), ...this.resolvers()])];
  }

  private controllers(): readonly Type[] {
    return [...new Set(this.discovery.getControllers().map(({ metatype }) => metatype as Type))];
  }

  private gateways(): readonly Type[] {
    const types: readonly unknown[] = this.discovery.getProviders().map(({ metatype }) => metatype);
    return [...new Set(types.filter(isGateway))];
  }

  /** By their instances, because Nest takes those for resolvers however they were made. */
  private resolvers(): readonly Type[] {
    const types = this.discovery
      .getProviders()
      .map(({ instance }) => (instance as { readonly constructor?: unknown } | null | undefined)?.constructor)
      .filter((type): type is Type => typeof type === 'function' && type !== Object && type !== Function);
    return [...new Set(types)].filter((type) => graphqlResolversOf(type).length > 0);
  }

  /** Each module has its own; one of them is enough. */
  private isFirstOfItsKind(): boolean {
    return this.discovery.getProviders().find(({ token }) => token === AssayReport)?.instance === this;
  }
}

function lineOf({ method, path, handler, access, requirements }: RouteReport): string {
  return `${[`${method} ${path}: ${access}`, ...requirements].join(', ')} (${handler})`;
}
