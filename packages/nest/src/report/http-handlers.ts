import type { Type } from '@nestjs/common';
import { protectionOf } from '../protection/protection-of.js';
import type { GuardedHandler } from './guarded-handler.js';
import { httpRoutesOf } from './http-routes.js';
import type { Judges } from './judges.js';

/** The routes of a controller, with their protection. */
export function httpHandlersOf(controller: Type, judges: Judges): readonly GuardedHandler[] {
  return httpRoutesOf(controller).map(({ name, handler, method, paths }) => ({
    type: controller,
    where: `${controller.name}.${name}`,
    method,
    paths,
    protection: protectionOf(controller, name),
    judgedBy: judges.of(controller, handler),
  }));
}
