import { SetupError } from '@assay/core';
import type { ModuleSettings } from '../module-settings.js';
import type { Protection } from '../protection/protection-of.js';

/** A handler, what it demands, and who is to see that it gets it. */
export interface GuardedHandler {
  /** As messages name it: `OrdersController.list`. */
  readonly where: string;
  readonly protection: Protection;
  /** The resource servers whose guards judge its requests. */
  readonly judgedBy: readonly ModuleSettings[];
}

/**
 * Holds a handler against the resource servers that judge it.
 *
 * Throws: `SetupError` where no guard enforces what it demands, or it demands an audience that the resource server
 * does not have.
 */
export function checkHandler({ where, protection, judgedBy }: GuardedHandler): void {
  const { access, requirements } = protection;
  if (judgedBy.length === 0 && (requirements.length > 0 || access === 'optional')) {
    throw new SetupError({
      option: where,
      problem: 'its decorators demand what no guard enforces',
      remedy: "Put @UseGuards(AssayGuard) on it, or drop guard: 'manual'.",
    });
  }
  for (const { resourceServer } of judgedBy) {
    for (const { audience } of requirements) {
      if (audience === undefined || resourceServer.audiences.includes(audience)) continue;
      throw new SetupError({
        option: where,
        problem: `@Audience('${audience}') names none of the audiences of its resource server`,
        remedy: `Use one of ${resourceServer.audiences.join(', ')}, or add it to audience in AssayModule.forRoot.`,
      });
    }
  }
}
