import { declare, type ProtectionDecorator } from '../protection/declaration.js';

/**
 * The handlers of this class, or this method, are open to everyone. No token is looked at, not even a bad one.
 *
 * On a method it overrides the requirements of the class. It opens what the class itself holds or inherits, not what
 * a class that extends it adds or overrides.
 *
 * Throws: `SetupError` at start-up, where a requirement stands at the same place or nearer to the handler.
 */
export function Public(): ProtectionDecorator {
  return declare({ kind: 'public' });
}
