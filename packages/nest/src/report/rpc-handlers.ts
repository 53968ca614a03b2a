import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { methodsOf, type Handler } from '../protection/methods-of.js';

// The keys of @nestjs/microservices, which is there only where message handlers are.
const patternKey = 'microservices:pattern';
const handlerTypeKey = 'microservices:handler_type';
/** Its `PatternHandler.EVENT`. */
const eventHandler = 2;

/** A method of a controller that messages or events of a microservice go to. */
export interface RpcHandler {
  readonly name: string;
  readonly handler: Handler;
  readonly kind: 'message' | 'event';
  readonly patterns: readonly string[];
}

/** The methods of a controller that messages and events of a microservice go to. */
export function rpcHandlersOf(controller: Type): readonly RpcHandler[] {
  return [...methodsOf(controller)].flatMap(([name, handler]) => {
    const handlerType: unknown = Reflect.getMetadata(handlerTypeKey, handler);
    if (handlerType === undefined) return [];
    const patterns = [Reflect.getMetadata(patternKey, handler) as unknown].flat();
    return [
      {
        name,
        handler,
        kind: handlerType === eventHandler ? 'event' : 'message',
        patterns: patterns.map(textOf),
      },
    ];
  });
}

function textOf(pattern: unknown): string {
  return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
}
