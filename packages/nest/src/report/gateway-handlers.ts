import type { Type } from '@nestjs/common';
import { connectionProtectionOf } from '../connections/connection-protection.js';
import { addressOf, messageHandlersOf } from '../connections/gateways.js';
import { protectionOf } from '../protection/protection-of.js';
import type { GlobalGuardReach } from './global-guard-reach.js';
import type { GuardedHandler } from './guarded-handler.js';
import type { Judges } from './judges.js';

/** The connections and the messages of a gateway, with their protection. */
export function gatewayHandlersOf(
  gateway: Type,
  judges: Judges,
  reach: GlobalGuardReach,
): readonly GuardedHandler[] {
  const { path, namespace } = addressOf(gateway);
  const atConnection = judges.of(gateway, gateway);
  const connection: GuardedHandler = {
    type: gateway,
    where: gateway.name,
    method: 'CONNECT',
    paths: [String(namespace ?? path ?? '/')],
    protection: connectionProtectionOf(gateway),
    judgedBy: atConnection,
    outOfReach: connectionOutOfReach(gateway, judges),
  };
  const messages = messageHandlersOf(gateway).map(({ name, handler, message }): GuardedHandler => {
    const judgedBy = judges.of(gateway, handler, reach.gateways ? judges.global() : []);
    const isMissed = judgedBy.length === 0 && judges.global().length > 0;
    return {
      type: gateway,
      where: `${gateway.name}.${name}`,
      method: 'WS',
      paths: [message],
      protection: protectionOf(gateway, name),
      judgedBy,
      outOfReach: isMissed
        ? {
            problem: 'the global guard does not see the messages of gateways in this version of Nest',
            remedy: `Put @UseGuards(AssayGuard) on ${gateway.name}.`,
          }
        : undefined,
    };
  });
  return [connection, ...messages];
}

/** A guard on methods alone would leave the connection itself to everyone. */
function connectionOutOfReach(gateway: Type, judges: Judges): GuardedHandler['outOfReach'] {
  if (judges.of(gateway, gateway).length > 0) return undefined;
  const guarded = messageHandlersOf(gateway).some(({ handler }) => judges.named(gateway, handler).length > 0);
  if (!guarded) return undefined;
  return {
    problem: 'a guard stands on its methods alone, so that its connections would not be authenticated',
    remedy: `Put @UseGuards(AssayGuard) on ${gateway.name} itself, or @Public() to leave its connections open.`,
  };
}
