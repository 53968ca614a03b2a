import type { Type } from '@nestjs/common';
import { declarationsOn } from '../protection/declaration.js';
import { methodsOf } from '../protection/methods-of.js';
import { protectionOf, type Protection } from '../protection/protection-of.js';

const connectionMethod = 'handleConnection';

/**
 * What a gateway demands of those who connect to it: what stands on `handleConnection`, and on the class, where it has
 * that method. Without it nothing of the gateway runs before a message does, and only `@Public` and
 * `@OptionalAuthentication` on the class itself count.
 */
export function connectionProtectionOf(gateway: Type): Protection {
  if (methodsOf(gateway).has(connectionMethod)) return protectionOf(gateway, connectionMethod);
  const opening = declarationsOn(gateway).find(({ kind }) => kind !== 'require');
  return { access: opening === undefined ? 'protected' : accessOf(opening.kind), requirements: [] };
}

function accessOf(kind: 'public' | 'optional' | 'require'): Protection['access'] {
  return kind === 'require' ? 'protected' : kind;
}
