import type { ExecutionContext } from '@nestjs/common';
import { AssayError, type RequestView } from '@assay/core';
import { rpcRefusal } from '../refusals/rpc-refusal.js';
import type { RequestContext } from './request-context.js';

/** Messages and events of a microservice. The credentials are the member `authorization` of the data. */
export const rpcContext: RequestContext = {
  requestOf: messageContextOf,

  frameworkRequestOf(context) {
    const rpc = context.switchToRpc();
    return { data: rpc.getData<unknown>(), context: rpc.getContext<unknown>() };
  },

  viewOf: (context): RequestView => ({
    method: 'MESSAGE',
    url: `/${context.getClass().name}/${context.getHandler().name}`,
    headers: { authorization: credentialsIn(context.switchToRpc().getData<unknown>()) },
  }),

  refusalOf: (_context, refusal) => rpcRefusal(refusal),
};

/** What the transport made for this one message. */
function messageContextOf(context: ExecutionContext): object {
  const made = context.switchToRpc().getContext<unknown>();
  if (typeof made !== 'object' || made === null) throw new AssayError('service.route-unprotected');
  return made;
}

function credentialsIn(data: unknown): readonly string[] | undefined {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'authorization')) return undefined;
  const { authorization } = data as { readonly authorization: unknown };
  // Credentials of another shape are malformed, not missing.
  return [typeof authorization === 'string' ? authorization : 'Bearer'];
}
