import 'reflect-metadata';
import { RequestMethod, type Type } from '@nestjs/common';
import { methodsOf, type Handler } from '../protection/methods-of.js';
import type { RouterPaths } from './router-paths.js';

/** A method of a controller that Nest routes requests to. */
export interface HttpRoute {
  readonly name: string;
  readonly handler: Handler;
  readonly served: ServedRoute;
}

/** Which requests the router hands to a handler. */
export interface ServedRoute {
  /** `GET`, `ALL`, … */
  readonly method: string;
  /** As the router serves them, with global prefix, module path and version. */
  readonly paths: readonly string[];
  readonly pathsWithoutPrefix: readonly string[];
  /** Absent where the path holds the version, and where requests of any version are served. */
  readonly versions?: readonly string[];
  /** Absent where requests to any host are served. */
  readonly hosts?: readonly string[];
}

// Nest 11 and 12 export these keys under different paths; their values are the same.
const pathKey = 'path';
const methodKey = 'method';
const hostKey = 'host';

/** The routes of a controller in the modules that have it. */
export function httpRoutesOf(
  controller: Type,
  modules: readonly Type[],
  router: RouterPaths,
): readonly HttpRoute[] {
  return [...methodsOf(controller)].flatMap(([name, handler]) => {
    const handlerPaths = pathsOn(handler);
    if (handlerPaths === undefined) return [];
    const requestMethod = Reflect.getMetadata(methodKey, handler) as RequestMethod;
    const declared = modules.flatMap((module) =>
      (pathsOn(controller) ?? ['']).flatMap((controllerPath) =>
        handlerPaths.map((handlerPath) => {
          return { module, controller, handler, controllerPath, handlerPath, requestMethod };
        }),
      ),
    );
    const pathsOf = (options?: { readonly globalPrefix: boolean }) => [
      ...new Set(declared.flatMap((route) => router.pathsOf(route, options))),
    ];
    const versions = router.versionsOf({ controller, handler });
    const hosts = hostsOf(controller);
    const served: ServedRoute = {
      method: RequestMethod[requestMethod],
      paths: pathsOf(),
      pathsWithoutPrefix: pathsOf({ globalPrefix: false }),
      ...(versions === undefined ? {} : { versions }),
      ...(hosts === undefined ? {} : { hosts }),
    };
    return [{ name, handler, served }];
  });
}

function pathsOn(target: object): readonly string[] | undefined {
  const declared = Reflect.getMetadata(pathKey, target) as string | readonly string[] | undefined;
  return typeof declared === 'string' ? [declared] : declared;
}

function hostsOf(controller: Type): readonly string[] | undefined {
  const declared = Reflect.getMetadata(hostKey, controller) as Hosts | readonly Hosts[] | undefined;
  return declared === undefined ? undefined : [declared].flat().map(String);
}

type Hosts = string | RegExp;
