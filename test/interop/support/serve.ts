import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that answers HTTP on a free loopback port. */
export interface Service {
  readonly origin: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Serves what `listenerFor` makes: it is told the origin, which an issuer identifier has to contain. */
export async function serve(
  listenerFor: (origin: string) => RequestListener | Promise<RequestListener>,
): Promise<Service> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${String(port)}`;
  server.on('request', await listenerFor(origin));
  return {
    origin,
    port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
