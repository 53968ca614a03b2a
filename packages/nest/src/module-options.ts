import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import {
  createResourceServer,
  knownOptionsOnly,
  resourceServerOptionNames,
  SetupError,
  type ResourceServer,
  type ResourceServerOptions,
} from '@assay/core';
import { defaultResourceServerName } from './resource-server-token.js';

/** What a module is told beside the options of its resource server. */
export interface AssayModuleExtras {
  /**
   * `global`: the guard judges every request of the application. `manual`: only where `@UseGuards(AssayGuard)` says
   * so. Default `global`.
   */
  readonly guard?: 'global' | 'manual';
  /** Names a further resource server, whose guard is `AssayGuard.for(name)`. Default: the one without a name. */
  readonly name?: string;
}

/** What makes a resource server: its options, or one that exists already. */
export type AssayModuleOptions = ResourceServerOptions | ResourceServer;

/** A class that provides the options, for `forRootAsync({ useClass })`. */
export interface AssayOptionsFactory {
  readonly createAssayOptions: () => AssayModuleOptions | Promise<AssayModuleOptions>;
}

/** The options of `forRootAsync`: exactly one of `useFactory` and `useClass`. */
export interface AssayModuleAsyncOptions extends AssayModuleExtras {
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  // `any`, because the arguments are what `inject` names, which no type relates.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly useFactory?: (...injected: any[]) => AssayModuleOptions | Promise<AssayModuleOptions>;
  readonly useClass?: Type<AssayOptionsFactory>;
}

/** What the options of a module come from. */
export interface OptionsProvider {
  readonly inject: readonly (InjectionToken | OptionalFactoryDependency)[];
  readonly useFactory: NonNullable<AssayModuleAsyncOptions['useFactory']>;
}

const extraNames = ['guard', 'name'] as const satisfies (keyof AssayModuleExtras)[];

const asyncOptionNames = [
  'imports',
  'inject',
  'useFactory',
  'useClass',
  ...extraNames,
] as const satisfies (keyof AssayModuleAsyncOptions)[];

/** Where `forRootAsync` takes the options from. Throws: `SetupError` unless exactly one source is given. */
export function optionsProviderFrom(options: AssayModuleAsyncOptions): OptionsProvider {
  knownOptionsOnly(options, asyncOptionNames);
  const { inject = [], useFactory, useClass } = options;
  if (useFactory !== undefined && useClass === undefined) return { inject, useFactory };
  if (useClass !== undefined && useFactory === undefined) {
    return {
      inject: [useClass],
      useFactory: (factory: AssayOptionsFactory) => factory.createAssayOptions(),
    };
  }
  throw new SetupError({
    option: 'forRootAsync',
    problem: 'it needs one of useFactory and useClass',
    remedy: 'Give useFactory with inject, or useClass with createAssayOptions().',
  });
}

/** The options of the resource server, and those of the module beside them. Throws: `SetupError`. */
export function separate(
  given: (ResourceServerOptions & AssayModuleExtras) | ResourceServer,
  givenExtras: AssayModuleExtras,
): { readonly options: AssayModuleOptions; readonly extras: AssayModuleExtras } {
  knownOptionsOnly(givenExtras, extraNames);
  if (isResourceServer(given)) return { options: given, extras: givenExtras };
  knownOptionsOnly(given, [...resourceServerOptionNames, ...extraNames]);
  const { guard, name, ...options } = given;
  const extras = {
    ...(guard === undefined ? {} : { guard }),
    ...(name === undefined ? {} : { name }),
    ...givenExtras,
  };
  return { options, extras };
}

/** The resource server that some options make, or are. Throws: `SetupError`. */
export function resourceServerFrom(options: AssayModuleOptions): ResourceServer {
  return isResourceServer(options) ? options : createResourceServer(options);
}

function isResourceServer(given: unknown): given is ResourceServer {
  return typeof given === 'object' && given !== null && 'authenticate' in given;
}

/** The extras, with their defaults. Throws: `SetupError` for a value that is none. */
export function extrasFrom({
  guard = 'global',
  name = defaultResourceServerName,
}: AssayModuleExtras): Required<AssayModuleExtras> {
  if (!['global', 'manual'].includes(guard)) {
    throw new SetupError({
      option: 'guard',
      problem: 'there is no such value',
      remedy: 'Use global or manual.',
    });
  }
  if (typeof name !== 'string' || name === '') {
    throw new SetupError({
      option: 'name',
      problem: 'it is not a text, or empty',
      remedy: 'Give the resource server a name, or leave it out.',
    });
  }
  return { guard, name };
}
