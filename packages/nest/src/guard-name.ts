import 'reflect-metadata';

/** The static member by which a guard class says whose guard it is. Shared by an ESM and a CommonJS copy. */
export const guardName = Symbol.for('assay.guard-name');

// Nest 11 and 12 export the key under different paths; its value is the same.
const nestGuardsKey = '__guards__';

/** The name of the resource server that a guard, class or instance, stands for; `undefined` for other guards. */
export function nameOfGuard(guard: unknown): string | undefined {
  const type = typeof guard === 'function' ? guard : (guard as object | undefined)?.constructor;
  return (type as { readonly [guardName]?: string } | undefined)?.[guardName];
}

/** The names of the resource servers whose guards `@UseGuards` puts on a handler or its class. */
export function namesOfGuardsOn(controller: object, handler: object): readonly string[] {
  const guards = [controller, handler].flatMap(
    (target) => (Reflect.getMetadata(nestGuardsKey, target) as readonly unknown[] | undefined) ?? [],
  );
  return [...new Set(guards.flatMap((guard) => nameOfGuard(guard) ?? []))];
}
