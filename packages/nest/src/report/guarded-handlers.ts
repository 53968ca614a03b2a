import { Inject, Injectable, type Provider, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { isGateway } from '../connections/gateways.js';
import { gatewayHandlersOf } from './gateway-handlers.js';
import { gatewaysReached, reachesFields, type GlobalGuardReach } from './global-guard-reach.js';
import type { GuardedHandler } from './guarded-handler.js';
import { httpHandlersOf } from './http-handlers.js';
import { Judges } from './judges.js';
import { messageHandlerProtections } from './message-handlers.js';
import { listenersWatched } from './microservice-listeners.js';
import { resolverHandlersOf } from './resolver-handlers.js';
import { graphqlResolversOf } from './resolvers.js';
import { routerPaths, type RouterPaths } from './router-paths.js';

/** Under which a module keeps its `GuardedHandlers`: an ESM and a CommonJS copy find those of the other. */
export const guardedHandlers = Symbol.for('assay.guarded-handlers');

/** Finds every controller, gateway and resolver of an application, and what their handlers demand. */
@Injectable()
export class GuardedHandlers {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Judges) private readonly judges: Judges,
    @Inject(routerPaths) private readonly router: RouterPaths,
    @Inject(listenersWatched) private readonly areListenersWatched: boolean,
    @Inject(gatewaysReached) private readonly areGatewaysReached: boolean,
  ) {}

  /** In the order of the modules: controllers, then gateways and resolvers. */
  all(): readonly GuardedHandler[] {
    const { judges, router } = this;
    const reach: GlobalGuardReach = {
      gateways: this.areGatewaysReached,
      fields: reachesFields(this.discovery),
    };
    const seenByListeners = this.areListenersWatched ? judges.global() : [];
    return [
      ...[...this.controllers()].flatMap(([controller, modules]) => [
        ...httpHandlersOf(controller, modules, { judges, router }),
        ...messageHandlerProtections(controller, judges, seenByListeners),
      ]),
      ...this.gateways().flatMap((gateway) => gatewayHandlersOf(gateway, judges, reach)),
      ...this.resolvers().flatMap((resolver) => resolverHandlersOf(resolver, judges, reach)),
    ];
  }

  /** The classes that have handlers, or may have. */
  types(): readonly Type[] {
    return [...new Set([...this.controllers().keys(), ...this.gateways(), ...this.resolvers()])];
  }

  /** With the modules that have them: one controller may stand in several, each at a path of its own. */
  private controllers(): ReadonlyMap<Type, readonly Type[]> {
    const found = new Map<Type, Type[]>();
    for (const { metatype, host } of this.discovery.getControllers()) {
      const modules = found.get(metatype as Type) ?? [];
      if (host !== undefined) modules.push(host.metatype);
      found.set(metatype as Type, modules);
    }
    return found;
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
}

export const guardedHandlersProvider: Provider = { provide: guardedHandlers, useClass: GuardedHandlers };
