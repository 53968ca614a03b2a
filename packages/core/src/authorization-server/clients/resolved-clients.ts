import { AssayError } from '../../assay-error.js';
import { registeredClientFrom, type ClientSurroundings } from './client-metadata.js';
import type { ClientMetadata, ClientRegistry, Clients, RegisteredClient } from './registered-client.js';

/** Longer identifiers are nobody's. Units: characters. */
const maximumIdentifierLength = 2048;

/** Of how many clients keys are kept; the one that was used longest ago goes first. */
const maximumClients = 1000;

/**
 * The clients that a registry knows. Their keys are kept between requests, until the registry says something else of
 * them.
 *
 * Error: `service.clients-unavailable` when the registry fails, or describes a client badly.
 */
export function resolvedClients(registry: ClientRegistry, surroundings: ClientSurroundings): Clients {
  const kept = new Map<string, { readonly text: string; readonly client: RegisteredClient }>();

  function clientWith(metadata: ClientMetadata): RegisteredClient {
    // Compared as text, so that a change is noticed where the registry changes its own object, too.
    const text = JSON.stringify(metadata);
    const known = kept.get(metadata.client_id);
    const client =
      known?.text === text ? known.client : registeredClientFrom(metadata, 'client', surroundings);
    // Deleted and set again, it is the one that was used last.
    kept.delete(client.clientId);
    kept.set(client.clientId, { text, client });
    for (const oldest of kept.keys()) if (kept.size > maximumClients) kept.delete(oldest);
    return client;
  }

  return {
    async find(clientId) {
      if (clientId.length > maximumIdentifierLength) return undefined;
      try {
        const metadata = (await registry.find(clientId)) ?? undefined;
        // A registry that compares loosely, as some databases do, must not lend one client the name of another.
        if (metadata?.client_id === clientId) return clientWith(metadata);
        kept.delete(clientId);
        return undefined;
      } catch (cause) {
        throw new AssayError('service.clients-unavailable', { cause });
      }
    },
  };
}
