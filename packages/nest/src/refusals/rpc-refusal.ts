import { refusalMessage, type Refusal } from './refusal.js';

/**
 * An `RpcException` for a message, with `code` and `cause` for logs.
 *
 * `@nestjs/microservices` is loaded here and not above, because it is there only where message handlers are.
 */
export async function rpcRefusal(refusal: Refusal): Promise<Error> {
  const { RpcException } = await import('@nestjs/microservices');
  const exception = new RpcException(refusalMessage(refusal));
  exception.message = refusalMessage(refusal).error_description;
  return Object.assign(exception, { code: refusal.error.code, cause: refusal.error });
}
