import type { ExecutionContext } from '@nestjs/common';
import { protectionFor } from '../protection/protection-for.js';

/** The audience that `@Audience` narrows a handler to, whose metadata a challenge points to. Never fails. */
export function audienceOfRoute(context: ExecutionContext): string | undefined {
  try {
    const { requirements } = protectionFor(context);
    return requirements.find(({ audience }) => audience !== undefined)?.audience;
  } catch {
    // What is wrong with the decorators is the failure that is being answered.
    return undefined;
  }
}
