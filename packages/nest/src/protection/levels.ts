import type { Type } from '@nestjs/common';
import { declarationsOn, type Declaration } from './declaration.js';
import { classChain } from './methods-of.js';

/** One place where decorators can stand for a handler. */
export interface Level {
  /** As messages name it: `OrdersController.list`, `OrdersController`. */
  readonly where: string;
  readonly declarations: readonly Declaration[];
  /** How the declarations here open the handler to requests without a token; absent where they do not. */
  readonly opens: 'public' | 'optional' | undefined;
}

/**
 * The places where decorators can stand for a handler, nearest first: the method, the methods that it overrides, the
 * class, its base classes.
 *
 * An opening declaration reaches only code that was there when it was written: a base class cannot open what a class
 * that extends it adds or overrides.
 */
export function levelsOf(controller: Type, method: string): readonly Level[] {
  const chain = classChain(controller);
  const writtenAt = chain.findIndex(({ prototype }) => Object.hasOwn(prototype as object, method));
  const level = (where: string, declarations: readonly Declaration[], depth: number): Level => ({
    where,
    declarations,
    opens: depth <= writtenAt ? openingOf(declarations) : undefined,
  });
  return [
    ...chain.map(({ name, prototype }, depth) =>
      level(`${name}.${method}`, declarationsOn(prototype as object, method), depth),
    ),
    ...chain.map((type, depth) => level(type.name, declarationsOn(type), depth)),
  ];
}

function openingOf(declarations: readonly Declaration[]): Level['opens'] {
  for (const { kind } of declarations) if (kind !== 'require') return kind;
  return undefined;
}
