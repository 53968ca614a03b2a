import { refusalMessage, type Refusal } from './refusal.js';

/**
 * A `WsException` for a message, with `code` and `cause` for logs.
 *
 * `@nestjs/websockets` is loaded here and not above, because it is there only where gateways are.
 */
export async function wsRefusal(refusal: Refusal): Promise<Error> {
  const { WsException } = await import('@nestjs/websockets');
  const exception = new WsException(refusalMessage(refusal));
  exception.message = refusalMessage(refusal).error_description;
  return Object.assign(exception, { code: refusal.error.code, cause: refusal.error });
}
