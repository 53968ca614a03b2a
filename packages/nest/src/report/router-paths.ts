import 'reflect-metadata';
import {
  Logger,
  VersioningType,
  type Provider,
  type RequestMethod,
  type Type,
  type VersioningOptions,
} from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { Handler } from '../protection/methods-of.js';

/** Under which a module keeps what tells where the router of the application serves a handler. */
export const routerPaths = Symbol.for('assay.router-paths');

/** A handler under one of the paths that its controller declares, and one of its own. */
export interface DeclaredRoute {
  readonly module: Type;
  readonly controller: Type;
  readonly handler: Handler;
  readonly controllerPath: string;
  readonly handlerPath: string;
  readonly requestMethod: RequestMethod;
}

/** Where the router serves a handler. */
export interface RouterPaths {
  /** With global prefix, module path and version. Without the global prefix on request: some documents leave it out. */
  readonly pathsOf: (route: DeclaredRoute, options?: { readonly globalPrefix: boolean }) => readonly string[];
  /** The versions that requests ask for elsewhere than in the path; absent where the handler answers to any. */
  readonly versionsOf: (
    route: Pick<DeclaredRoute, 'controller' | 'handler'>,
  ) => readonly string[] | undefined;
}

// Nest 11 and 12 export these keys under different paths; their values are the same.
const modulePathKey = '__module_path__';
const versionKey = '__version__';

type Version = string | symbol | readonly (string | symbol)[];

/** What Nest's own router builds paths with. */
interface PathFactory {
  readonly create: (
    metadata: {
      readonly ctrlPath: string;
      readonly methodPath: string;
      readonly modulePath: string | undefined;
      readonly globalPrefix: string;
      readonly controllerVersion: Version | undefined;
      readonly methodVersion: Version | undefined;
      readonly versioningOptions: VersioningOptions | undefined;
    },
    requestMethod: RequestMethod,
  ) => string[];
}

/** The module of Nest that has its `RoutePathFactory`. */
type LoadFactory = () => Promise<{ readonly RoutePathFactory: new (config: ApplicationConfig) => unknown }>;

const loadFactory: LoadFactory = () => import('@nestjs/core/router/route-path-factory.js');

/**
 * Asks Nest's own code, as its OpenAPI module does: what is excluded from the global prefix is a matter of its version.
 * Where that code is not found, paths are as the decorators declare them.
 */
export async function routerPathsOf(
  config: ApplicationConfig,
  modules: ModulesContainer,
  load: LoadFactory = loadFactory,
): Promise<RouterPaths> {
  const factory = await load().then(
    ({ RoutePathFactory }) => new RoutePathFactory(config) as PathFactory,
    () => declaredPaths(),
  );
  return {
    pathsOf(route, { globalPrefix } = { globalPrefix: true }) {
      const { module, controllerPath, handlerPath, requestMethod } = route;
      const metadata = {
        ctrlPath: withLeadingSlash(controllerPath),
        methodPath: withLeadingSlash(handlerPath),
        modulePath: modulePathOf(module, modules),
        globalPrefix: globalPrefix ? withLeadingSlash(config.getGlobalPrefix()) : '',
        versioningOptions: config.getVersioning(),
        ...versionsDeclared(route, config),
      };
      return [...new Set(factory.create(metadata, requestMethod))];
    },
    versionsOf(route) {
      const versioning = config.getVersioning();
      if (versioning === undefined || versioning.type === VersioningType.URI) return undefined;
      const { methodVersion, controllerVersion } = versionsDeclared(route, config);
      const versions = methodVersion ?? controllerVersion;
      if (versions === undefined || typeof versions === 'symbol') return undefined;
      return [versions].flat().map((version) => (typeof version === 'symbol' ? 'neutral' : version));
    },
  };
}

/** Tells where the router of the application serves a handler. */
export const routerPathsProvider: Provider = {
  provide: routerPaths,
  inject: [ApplicationConfig, ModulesContainer],
  useFactory: (config: ApplicationConfig, modules: ModulesContainer) => routerPathsOf(config, modules),
};

function declaredPaths(): PathFactory {
  const message =
    'This version of Nest does not tell where it serves routes: paths are reported as declared.';
  new Logger('AssayReport').warn(message);
  return { create: ({ ctrlPath, methodPath }) => [normalized(`${ctrlPath}${methodPath}`)] };
}

function versionsDeclared(
  { controller, handler }: Pick<DeclaredRoute, 'controller' | 'handler'>,
  config: ApplicationConfig,
): { readonly methodVersion: Version | undefined; readonly controllerVersion: Version | undefined } {
  const versioning = config.getVersioning();
  const onController = Reflect.getMetadata(versionKey, controller) as Version | undefined;
  return {
    methodVersion: Reflect.getMetadata(versionKey, handler) as Version | undefined,
    controllerVersion: versioning === undefined ? undefined : (onController ?? versioning.defaultVersion),
  };
}

/** What `RouterModule` has put a module under, in this application or in any. */
function modulePathOf(module: Type, { applicationId }: ModulesContainer): string | undefined {
  return (Reflect.getMetadata(modulePathKey + applicationId, module) ??
    Reflect.getMetadata(modulePathKey, module)) as string | undefined;
}

function withLeadingSlash(path: string): string {
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}

function normalized(path: string): string {
  return `/${path
    .split('/')
    .filter((segment) => segment !== '')
    .join('/')}`;
}
