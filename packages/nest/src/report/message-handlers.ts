import type { Type } from '@nestjs/common';
import type { ModuleSettings } from '../module-settings.js';
import { protectionOf } from '../protection/protection-of.js';
import type { GuardedHandler } from './guarded-handler.js';
import type { Judges } from './judges.js';
import { rpcHandlersOf } from './rpc-handlers.js';

/** The message and event handlers of a controller, where a microservice has these global guards. */
export function messageHandlerProtections(
  controller: Type,
  judges: Judges,
  seen: readonly ModuleSettings[],
): readonly GuardedHandler[] {
  return rpcHandlersOf(controller).map(({ name, handler, kind, patterns }) => {
    const judgedBy = judges.of(controller, handler, seen);
    const isMissed = judgedBy.length === 0 && judges.global().length > 0;
    return {
      type: controller,
      where: `${controller.name}.${name}`,
      method: kind.toUpperCase(),
      paths: patterns,
      protection: protectionOf(controller, name),
      judgedBy,
      outOfReach: isMissed
        ? {
            problem: 'the global guard does not see its messages',
            remedy: `Put @UseGuards(AssayGuard) on ${controller.name}, or connect the microservice with { inheritAppConfig: true }.`,
          }
        : undefined,
    };
  });
}
