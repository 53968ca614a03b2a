import type { Type } from '@nestjs/common';
import type { ModuleSettings } from '../module-settings.js';
import type { Protection } from '../protection/protection-of.js';

/** A method that clients can reach, what it demands, and who is to see that it gets it. */
export interface GuardedHandler {
  readonly type: Type;
  /** As messages name it: `OrdersController.list`. */
  readonly where: string;
  /** `GET`, `MESSAGE`, `QUERY`, …, as the report has it. */
  readonly method: string;
  readonly paths: readonly string[];
  readonly protection: Protection;
  /** The resource servers whose guards judge its requests. */
  readonly judgedBy: readonly ModuleSettings[];
  /** Why a guard that is meant for it does not see it, and what to do. Absent where none is missing. */
  readonly outOfReach?: { readonly problem: string; readonly remedy: string } | undefined;
}
