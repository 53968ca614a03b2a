import { Inject, Module, Optional, type DynamicModule, type NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SetupError, type ResourceServer, type ResourceServerOptions } from '@assay/core';
import { serveMetadata } from './metadata/serve-metadata.js';
import { moduleDefinition } from './module-definition.js';
import {
  extrasFrom,
  optionsProviderFrom,
  separate,
  type AssayModuleAsyncOptions,
  type AssayModuleExtras,
} from './module-options.js';
import { moduleSettings, type ModuleSettings } from './module-settings.js';

/** A resource server for the whole application, with its guard. Import it in the root module. */
@Module({})
export class AssayModule implements NestModule {
  constructor(
    @Optional() @Inject(moduleSettings) private readonly settings: ModuleSettings | undefined,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {
    if (settings === undefined) throw importedAsItIs();
  }

  /**
   * A resource server with these options, or one that exists already.
   *
   * Throws: `SetupError` for what is misspelt, and for `guard` and `name`, at once; for the values of the other options
   * when the application is created.
   */
  static forRoot(options: ResourceServerOptions & AssayModuleExtras): DynamicModule;
  static forRoot(resourceServer: ResourceServer, extras?: AssayModuleExtras): DynamicModule;
  static forRoot(
    given: (ResourceServerOptions & AssayModuleExtras) | ResourceServer,
    givenExtras: AssayModuleExtras = {},
  ): DynamicModule {
    const { options, extras } = separate(given, givenExtras);
    const provider = { inject: [], useFactory: () => options };
    return moduleDefinition(AssayModule, extrasFrom(extras), provider);
  }

  /**
   * A resource server whose options come from other providers. `guard` and `name` stand beside `useFactory`.
   *
   * Throws: `SetupError`, as `forRoot` does.
   */
  static forRootAsync(options: AssayModuleAsyncOptions): DynamicModule {
    const { imports = [], useClass } = options;
    const provider = optionsProviderFrom(options);
    const providers = useClass === undefined ? [] : [useClass];
    return moduleDefinition(AssayModule, extrasFrom(options), provider, { imports, providers });
  }

  /** Called by Nest before it makes routes. */
  configure(): void {
    // Absent where the settings depend on the request, which the start-up check refuses.
    if (this.settings !== undefined) serveMetadata(this.adapterHost.httpAdapter, this.settings);
  }
}

function importedAsItIs(): SetupError {
  return new SetupError({
    option: 'AssayModule',
    problem: 'it is imported without options, and so would protect nothing',
    remedy: 'Import AssayModule.forRoot({ issuer, audience }).',
  });
}
