import type { Provider, Type } from '@nestjs/common';
import { DiscoveryService, ModulesContainer, type ApplicationConfig } from '@nestjs/core';
import { checkHandler } from './check-handler.js';
import { Judges } from './judges.js';
import { messageHandlerProtections } from './message-handlers.js';
import { rpcHandlersOf } from './rpc-handlers.js';

/** Under which a module keeps whether every microservice of the application is checked before it listens. */
export const listenersWatched = Symbol.for('assay.listeners-are-watched');

/** Arranges the check before the application can connect a microservice: while its modules are made. */
export const listenersWatchedProvider: Provider = {
  provide: listenersWatched,
  inject: [ModulesContainer, DiscoveryService, Judges],
  useFactory: (modules: ModulesContainer, discovery: DiscoveryService, judges: Judges) => {
    const controllers = discovery.getControllers().map(({ metatype }) => metatype as Type);
    const withHandlers = controllers.filter((controller) => rpcHandlersOf(controller).length > 0);
    if (withHandlers.length === 0) return true;
    return watchListeners(modules, (config) => {
      const seen = config === undefined ? [] : judges.global(config);
      for (const controller of withHandlers) {
        messageHandlerProtections(controller, judges, seen).forEach(checkHandler);
      }
    });
  },
};

/** Judges the configuration with which a microservice is about to listen. Throws: `SetupError`. */
type ListenerCheck = (config: ApplicationConfig | undefined) => void;

// Kept on the container of an application, and on the class: each by its own, in an ESM and a CommonJS copy too.
const checkKey = Symbol.for('assay.listener-check');
const watchedKey = Symbol.for('assay.listeners-watched');

/** What an application, or a microservice connected to it, keeps of its modules. */
interface Container {
  readonly getModules: () => object;
}

/** The part of `NestMicroservice` that makes the handlers, with the guards of its configuration. */
interface Microservice {
  readonly container: Container;
  readonly applicationConfig?: ApplicationConfig;
  registerListeners: () => unknown;
}

/**
 * Has each microservice of an application checked before its handlers are made. One that is connected to an HTTP
 * application has a configuration of its own, unless it inherits it, and nothing that Nest injects leads to it.
 *
 * Returns whether that could be arranged.
 */
async function watchListeners(modules: object, check: ListenerCheck): Promise<boolean> {
  Object.defineProperty(modules, checkKey, { value: check, configurable: true });
  try {
    const { NestMicroservice } = await import('@nestjs/microservices');
    watch(NestMicroservice.prototype as unknown as Microservice);
    return true;
  } catch {
    return false;
  }
}

function watch(prototype: Microservice): void {
  if (watchedKey in prototype) return;
  const { registerListeners } = prototype as Partial<Microservice>;
  if (registerListeners === undefined)
    throw new TypeError('this version of Nest makes its handlers elsewhere');
  Object.defineProperty(prototype, watchedKey, { value: true });
  prototype.registerListeners = function (this: Microservice): unknown {
    const modules: { readonly [checkKey]?: ListenerCheck } = this.container.getModules();
    modules[checkKey]?.(this.applicationConfig);
    return registerListeners.call(this);
  };
}
