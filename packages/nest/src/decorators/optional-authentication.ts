import { declare, type ProtectionDecorator } from '../protection/declaration.js';

/**
 * The handlers of this class, or this method, serve requests without a token as anonymous.
 *
 * A bad token is still refused with 401, and a token that cannot be judged with 503. `@Audience` narrows the tokens
 * that are accepted; any other requirement nearer to the handler asks for a token again.
 *
 * Throws: `SetupError` at start-up, where such a requirement stands at the same place or farther away, so that
 * nobody anonymous could pass.
 */
export function OptionalAuthentication(): ProtectionDecorator {
  return declare({ kind: 'optional' });
}
