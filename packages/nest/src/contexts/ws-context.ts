import { handshakeOf, handshakeViewOf } from '../connections/handshake.js';
import { wsRefusal } from '../refusals/ws-refusal.js';
import type { RequestContext } from './request-context.js';

/** Messages to a gateway, by `ws` or socket.io. What was established at the handshake counts for all of them. */
export const wsContext: RequestContext = {
  requestOf: (context) => context.switchToWs().getClient<object>(),

  frameworkRequestOf(context) {
    const ws = context.switchToWs();
    return { client: ws.getClient<unknown>(), data: ws.getData<unknown>() };
  },

  viewOf: (context) => handshakeViewOf(handshakeOf(context.switchToWs().getClient<object>())),

  refusalOf: (_context, refusal) => wsRefusal(refusal),
};
