import 'reflect-metadata';
import { SetupError, type Requirement } from '@assay/core';

/** What one decorator says about the class or method that it stands on. */
export type Declaration =
  | { readonly kind: 'public' }
  | { readonly kind: 'optional' }
  | { readonly kind: 'require'; readonly requirement: Requirement };

/** A decorator for a controller or one of its methods. */
export type ProtectionDecorator = ClassDecorator & MethodDecorator;

const declarationsKey = Symbol.for('assay.declarations');

/**
 * The decorator that makes a declaration.
 *
 * It is kept with class and method name, not with the function: another decorator may put its own function in the
 * place of the method, and a requirement must not vanish with the old one.
 *
 * Throws: `SetupError` where it stands on neither a class nor a method.
 */
export function declare(declaration: Declaration): ProtectionDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    const isClass = typeof target === 'function' && property === undefined;
    const isMethod = typeof target === 'object' && typeof descriptor?.value === 'function';
    if (!isClass && !isMethod) throw misplaced(declaration, property);
    const known = declarationsOn(target, property);
    // Decorators apply from the bottom up; the list reads from the top down.
    Reflect.defineMetadata(declarationsKey, [declaration, ...known], target, property as string);
  };
}

/** What the decorators on a class (given alone) or on a method (given a prototype and a name) declare. */
export function declarationsOn(target: object, property?: string | symbol): readonly Declaration[] {
  const found: unknown = Reflect.getOwnMetadata(declarationsKey, target, property as string);
  return (found as readonly Declaration[] | undefined) ?? [];
}

/** The decorator as messages name it. */
export function labelOf(declaration: Declaration): string {
  if (declaration.kind === 'public') return '@Public';
  if (declaration.kind === 'optional') return '@OptionalAuthentication';
  return `the requirement "${declaration.requirement.description}"`;
}

function misplaced(declaration: Declaration, property: string | symbol | undefined): SetupError {
  return new SetupError({
    option: labelOf(declaration),
    problem: `it stands on ${typeof property === 'object' || property === undefined ? 'something' : String(property)}, which is neither a class nor a method`,
    remedy: 'Put it on a controller, or on a method that handles requests.',
  });
}
