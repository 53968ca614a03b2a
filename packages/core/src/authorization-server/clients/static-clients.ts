import { SetupError } from '../../setup-error.js';
import { registeredClientFrom, type ClientSurroundings } from './client-metadata.js';
import type { ClientMetadata, Clients, RegisteredClient } from './registered-client.js';

/**
 * The clients of a list.
 *
 * Throws: `SetupError` for a client that is not described well, or stands twice.
 */
export function staticClients(
  clients: readonly ClientMetadata[],
  surroundings: ClientSurroundings,
): Clients & { readonly all: readonly RegisteredClient[] } {
  const known = new Map<string, RegisteredClient>();
  clients.forEach((metadata, index) => {
    const where = `clients[${String(index)}]`;
    const client = registeredClientFrom(metadata, where, surroundings);
    if (known.has(client.clientId)) {
      throw new SetupError({
        option: `${where}.client_id`,
        problem: `${client.clientId} stands twice`,
        remedy: 'Merge the two entries.',
      });
    }
    known.set(client.clientId, client);
  });
  return { find: (clientId) => known.get(clientId), all: [...known.values()] };
}
