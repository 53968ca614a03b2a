import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import type { ResourceServer } from '@assay/core';
import { AssayGuard } from './assay.guard.js';
import { AssayReport } from './assay-report.js';
import { ConnectionGate } from './connections/connection-gate.js';
import { resourceServerFrom, type AssayModuleExtras, type OptionsProvider } from './module-options.js';
import { moduleSettings, type ModuleSettings } from './module-settings.js';
import { gatewaysReachedProvider } from './report/global-guard-reach.js';
import { guardedHandlersProvider } from './report/guarded-handlers.js';
import { Judges } from './report/judges.js';
import { listenersWatchedProvider } from './report/microservice-listeners.js';
import { routerPathsProvider } from './report/router-paths.js';
import { defaultResourceServerName, resourceServerToken } from './resource-server-token.js';

/**
 * The dynamic module of one resource server: global, so that `@UseGuards(AssayGuard)` works in every module.
 */
export function moduleDefinition(
  module: Type,
  { guard, name }: Required<AssayModuleExtras>,
  options: OptionsProvider,
  { imports = [], providers = [] }: Pick<DynamicModule, 'imports' | 'providers'> = {},
): DynamicModule {
  const token = resourceServerToken(name);
  const guardClass = name === defaultResourceServerName ? AssayGuard : AssayGuard.for(name);
  const own: readonly Provider[] = [
    {
      provide: token,
      inject: [...options.inject],
      useFactory: async (...injected: unknown[]) => resourceServerFrom(await options.useFactory(...injected)),
    },
    {
      provide: moduleSettings,
      inject: [token],
      useFactory: (resourceServer: ResourceServer): ModuleSettings => ({ guard, name, resourceServer }),
    },
    guardClass,
    Judges,
    listenersWatchedProvider,
    gatewaysReachedProvider,
    routerPathsProvider,
    guardedHandlersProvider,
    ConnectionGate,
    AssayReport,
    // `useExisting`, so that a test can override the guard as a provider.
    ...(guard === 'global' ? [{ provide: APP_GUARD, useExisting: guardClass }] : []),
  ];
  return {
    module,
    global: true,
    imports: [DiscoveryModule, ...imports],
    providers: [...own, ...providers],
    exports: [token, guardClass, AssayReport],
  };
}
