import type { Type } from '@nestjs/common';

/** A method of a controller, as Nest hands it to guards. */
export type Handler = (...args: never[]) => unknown;

/** A class and its base classes, nearest first. */
export function classChain(controller: Type): readonly Type[] {
  const chain: Type[] = [];
  for (let prototype: unknown = controller.prototype; isPrototype(prototype);) {
    chain.push(prototype.constructor);
    prototype = Object.getPrototypeOf(prototype);
  }
  return chain;
}

/** The methods of a class, its own and inherited ones, by name. */
export function methodsOf(controller: Type): ReadonlyMap<string, Handler> {
  const methods = new Map<string, Handler>();
  for (const { prototype } of classChain(controller) as readonly { readonly prototype: object }[]) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name === 'constructor' || methods.has(name) || typeof value !== 'function') continue;
      methods.set(name, value as Handler);
    }
  }
  return methods;
}

/**
 * The name of the method that a handler is; `undefined` where that cannot be told.
 *
 * A handler that tracing or the instance itself has wrapped is no longer the class's function, but keeps its name.
 */
export function methodNameOf(controller: Type, handler: Handler): string | undefined {
  const methods = [...methodsOf(controller)];
  const same = methods.filter(([, method]) => method === handler);
  const [found, ...others] = same.length > 0 ? same : methods.filter(([name]) => name === handler.name);
  return others.length === 0 ? found?.[0] : undefined;
}

function isPrototype(value: unknown): value is { readonly constructor: Type } {
  return typeof value === 'object' && value !== null && value !== Object.prototype;
}
