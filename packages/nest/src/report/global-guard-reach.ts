import type { Provider } from '@nestjs/common';
import { DiscoveryService, type ApplicationConfig } from '@nestjs/core';
import { isGateway } from '../connections/gateways.js';

/** Under which a module keeps whether Nest hands the messages of gateways to global guards: 12 does, 11 does not. */
export const gatewaysReached = Symbol.for('assay.gateways-are-reached');

/** What cannot be told is out of reach. */
export const gatewaysReachedProvider: Provider = {
  provide: gatewaysReached,
  inject: [DiscoveryService],
  useFactory: (discovery: DiscoveryService) => {
    const types: readonly unknown[] = discovery.getProviders().map(({ metatype }) => metatype);
    return types.some(isGateway) ? reachesGateways() : true;
  },
};

/** Which handlers, beside those of HTTP, Nest hands to global guards in this application. */
export interface GlobalGuardReach {
  readonly gateways: boolean;
  /** Whether every GraphQL schema has the guards of fields switched on; those that `@UseGuards` names, too. */
  readonly fields: boolean;
}

const graphqlOptionsToken = 'GqlModuleOptions';

interface ContextCreator {
  readonly guardsContextCreator?: { readonly getGlobalMetadata?: () => unknown };
}

interface SocketModuleInternals {
  readonly getContextCreator?: (...parts: readonly unknown[]) => ContextCreator;
}

/** Asks Nest's own code with a configuration of one global guard: nothing public tells. */
async function reachesGateways(): Promise<boolean> {
  const guard = {};
  const config: Pick<ApplicationConfig, 'getGlobalGuards'> = { getGlobalGuards: () => [guard as never] };
  try {
    const { SocketModule } = await import('@nestjs/websockets/socket-module.js');
    const internals = new SocketModule() as unknown as SocketModuleInternals;
    const { guardsContextCreator } = internals.getContextCreator?.({}, config, {}) ?? {};
    const global = guardsContextCreator?.getGlobalMetadata?.();
    return Array.isArray(global) && global.includes(guard);
  } catch {
    return false;
  }
}

/** Whether every GraphQL module of the application has the guards of fields switched on. */
export function reachesFields(discovery: DiscoveryService): boolean {
  const options = discovery
    .getProviders()
    .filter(({ token }) => token === graphqlOptionsToken)
    .map(({ instance }) => instance as { readonly fieldResolverEnhancers?: readonly string[] } | undefined);
  return options.length > 0 && options.every((given) => given?.fieldResolverEnhancers?.includes('guards'));
}
