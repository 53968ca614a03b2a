import { Inject, Injectable, type Type } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService } from '@nestjs/core';
import { SetupError } from '@assay/core';
import { namesOfGuardsOn, nameOfGuard } from '../guard-name.js';
import { moduleSettings, type ModuleSettings } from '../module-settings.js';

/** Knows which resource servers judge what. */
@Injectable()
export class Judges {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {}

  /** Every `AssayModule`. Throws: `SetupError` where one would be made anew for each request. */
  modules(): readonly ModuleSettings[] {
    const wrappers = this.discovery.getProviders().filter(({ token }) => token === moduleSettings);
    if (wrappers.some((wrapper) => !wrapper.isDependencyTreeStatic())) {
      throw new SetupError({
        option: 'forRootAsync',
        problem: 'it injects a provider that is made for each request, and so would be the resource server',
        remedy: 'Inject singletons only; options that depend on the request are functions of it.',
      });
    }
    return wrappers.map(({ instance }) => instance as ModuleSettings);
  }

  /** The resource servers whose guard is global, in this application or in a configuration that it was handed. */
  global(config: ApplicationConfig = this.config): readonly ModuleSettings[] {
    const globals = [
      ...config.getGlobalGuards().map(nameOfGuard),
      ...config.getGlobalRequestGuards().map(({ metatype }) => nameOfGuard(metatype)),
    ];
    const isOwn = config === this.config;
    return this.modules().filter(
      ({ guard, name }) => (isOwn && guard === 'global') || globals.includes(name),
    );
  }

  /** The resource servers that `@UseGuards` names on a handler, or on its class. */
  named(type: Type, handler: object = type): readonly ModuleSettings[] {
    const names = namesOfGuardsOn(type, handler);
    return this.modules().filter(({ name }) => names.includes(name));
  }

  /** Those that `@UseGuards` names, or else those of the global guard. */
  of(
    type: Type,
    handler: object,
    seen: readonly ModuleSettings[] = this.global(),
  ): readonly ModuleSettings[] {
    return namesOfGuardsOn(type, handler).length > 0 ? this.named(type, handler) : seen;
  }
}
