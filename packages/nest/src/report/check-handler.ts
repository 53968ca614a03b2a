import { introspectionMissing, SetupError } from '@assay/core';
import type { GuardedHandler } from './guarded-handler.js';

/**
 * Holds a handler against the resource servers that judge it.
 *
 * Throws: `SetupError` where the guard that is meant for it does not see it, where no guard enforces what it demands, or
 * where it demands an audience that the resource server does not have, or introspection without an endpoint.
 */
export function checkHandler({ where, protection, judgedBy, outOfReach }: GuardedHandler): void {
  const { access, requirements } = protection;
  if (outOfReach !== undefined && access !== 'public') throw new SetupError({ option: where, ...outOfReach });
  if (judgedBy.length === 0 && (requirements.length > 0 || access === 'optional')) {
    throw new SetupError({
      option: where,
      problem: 'its decorators demand what no guard enforces',
      remedy: "Put @UseGuards(AssayGuard) on it, or drop guard: 'manual'.",
    });
  }
  for (const { resourceServer } of judgedBy) {
    const asksIssuer = requirements.some(({ introspection }) => introspection === true);
    if (asksIssuer && resourceServer.introspectedIssuers.length === 0) throw introspectionMissing(where);
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
