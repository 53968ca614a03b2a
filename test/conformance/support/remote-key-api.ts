import type { AccessTokenOptions, Jwk, KeyEvent } from '@assay/core';
import { fixedClock, publicJwk, type FixedClock } from '@assay/testing';
import { startDocumentServer, type DocumentServer } from './document-server.js';
import { baselineBuilder, nowSeconds, startProtectedApi, type ProtectedApi } from './protected-api.js';

/** A protected API whose issuer's key set comes over real HTTP, and what the API told of it. */
export interface RemoteKeyApi extends ProtectedApi {
  readonly server: DocumentServer;
  readonly clock: FixedClock;
  readonly events: readonly KeyEvent[];
  /** The private keys by which the tokens of a test are signed. */
  readonly key: Jwk;
  /** The events of one kind. */
  readonly eventsOf: <Kind extends KeyEvent['kind']>(kind: Kind) => Extract<KeyEvent, { kind: Kind }>[];
  /** A valid token but for what is given, signed by that key under that `kid`. */
  readonly tokenBy: (key: Jwk, header?: Record<string, unknown>) => string;
}

/** Starts an API that fetches these entries as the key set of its issuer. */
export async function startRemoteKeyApi(
  entries: (key: Jwk) => readonly unknown[] = (key) => [publicJwk(key)],
  settings: Partial<AccessTokenOptions> = {},
): Promise<RemoteKeyApi> {
  const server = await startDocumentServer();
  const clock = fixedClock(nowSeconds);
  const builder = await baselineBuilder(clock);
  const events: KeyEvent[] = [];
  server.serve('/jwks', { keys: entries(builder.key) });
  const api = await startProtectedApi({
    clock,
    builder,
    settings: {
      keys: { jwksUri: `${server.origin}/jwks` },
      allowInsecureLoopback: true,
      onKeyEvent: (event) => events.push(event),
      ...settings,
    },
  });
  return {
    ...api,
    server,
    clock,
    events,
    key: builder.key,
    eventsOf: <Kind extends KeyEvent['kind']>(kind: Kind) =>
      events.filter((event): event is Extract<KeyEvent, { kind: Kind }> => event.kind === kind),
    tokenBy: (key, header = {}) =>
      builder.accessToken({}, { key, header: { alg: key['alg'], kid: key['kid'], ...header } }),
  };
}
