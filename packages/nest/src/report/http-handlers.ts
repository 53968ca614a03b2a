import type { Type } from '@nestjs/common';
import { protectionOf } from '../protection/protection-of.js';
import type { GuardedHandler } from './guarded-handler.js';
import { httpRoutesOf } from './http-routes.js';
import type { Judges } from './judges.js';
import type { RouterPaths } from './router-paths.js';

/** The routes of a controller in the modules that have it, with their protection. */
export function httpHandlersOf(
  controller: Type,
  modules: readonly Type[],
  { judges, router }: { readonly judges: Judges; readonly router: RouterPaths },
): readonly GuardedHandler[] {
  return httpRoutesOf(controller, modules, router).map(({ name, handler, served }) => ({
    type: controller,
    where: `${controller.name}.${name}`,
    method: served.method,
    paths: served.paths,
    served,
    protection: protectionOf(controller, name),
    judgedBy: judges.of(controller, handler),
  }));
}
