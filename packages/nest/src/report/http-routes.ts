import 'reflect-metadata';
import { RequestMethod, type Type } from '@nestjs/common';
import { methodsOf, type Handler } from '../protection/methods-of.js';

/** A method of a controller that Nest routes requests to. */
export interface HttpRoute {
  readonly controller: Type;
  readonly name: string;
  readonly handler: Handler;
  /** `GET`, `ALL`, … */
  readonly method: string;
  /** As the controller and the method declare it; without global prefix, module path and version. */
  readonly paths: readonly string[];
}

// Nest 11 and 12 export these keys under different paths; their values are the same.
const pathKey = 'path';
const methodKey = 'method';

/** The routes of a controller. */
export function httpRoutesOf(controller: Type): readonly HttpRoute[] {
  const controllerPaths = pathsOn(controller) ?? [''];
  return [...methodsOf(controller)].flatMap(([name, handler]) => {
    const methodPaths = pathsOn(handler);
    if (methodPaths === undefined) return [];
    const method = RequestMethod[Reflect.getMetadata(methodKey, handler) as RequestMethod];
    const paths = controllerPaths.flatMap((outer) => methodPaths.map((inner) => joined(outer, inner)));
    return [{ controller, name, handler, method, paths }];
  });
}

function pathsOn(target: object): readonly string[] | undefined {
  const declared = Reflect.getMetadata(pathKey, target) as string | readonly string[] | undefined;
  return typeof declared === 'string' ? [declared] : declared;
}

function joined(...parts: readonly string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter((segment) => segment !== '')
    .join('/')}`;
}
