import type { Type } from '@nestjs/common';
import type { ModuleSettings } from '../module-settings.js';
import type { Protection } from '../protection/protection-of.js';
import type { ServedRoute } from './http-routes.js';

/** A method that clients can reach, what it demands, and who is to see that it gets it. */
export interface GuardedHandler {
  readonly type: Type;
  /** As messages name it: `OrdersController.list`. */
  readonly where: string;
  /** `GET`, `MESSAGE`, `QUERY`, …, as the report has it. */
  readonly method: string;
  readonly paths: readonly string[];
  /** Which requests the router hands to it. Absent where it is not reached over HTTP. */
  readonly served?: ServedRoute;
  readonly protection: Protection;
  /** The resource servers whose guards judge its requests. */
  readonly judgedBy: readonly ModuleSettings[];
  /** Why a guard that is meant for it does not see it, and what to do. Absent where none is missing. */
  readonly outOfReach?: { readonly problem: string; readonly remedy: string } | undefined;
}

/** How a handler is open, as far as guards go: `unguarded` where none judges what is not public. */
export function accessOf({ judgedBy, protection }: GuardedHandler): Protection['access'] | 'unguarded' {
  return judgedBy.length === 0 && protection.access !== 'public' ? 'unguarded' : protection.access;
}
