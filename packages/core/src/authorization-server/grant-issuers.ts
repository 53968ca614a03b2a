import { assertionIssuerOptionNames, type AssertionIssuerOptions } from '../settings/assertion-issuers.js';
import { isListOf, isNonEmptyString } from '../rules/shapes.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import { scopesFrom } from './resource-settings.js';

interface GrantIssuerBase extends AssertionIssuerOptions {
  /** The scopes that its assertions can obtain. A request without `scope` gets those that the resource has. */
  readonly scopes: readonly string[];
  /** The clients that may use its assertions. Default: every client that authenticates and may use the grant. */
  readonly clients?: readonly string[];
  /** How long an access token may outlive the assertion it was given for. Units: seconds. Default 0. */
  readonly graceSeconds?: number;
}

/**
 * One issuer whose assertions are accepted as grants.
 *
 * Its assertions need an authenticated client beside them, unless `requireClient: false` is written down; then
 * `clientId` is the client that the tokens name.
 */
export type GrantIssuerOptions =
  | (GrantIssuerBase & { readonly requireClient?: true; readonly clientId?: never })
  | (GrantIssuerBase & { readonly requireClient: false; readonly clientId: string });

/** What an accepted assertion of one issuer is worth. */
export interface GrantTrust {
  readonly scopes: readonly string[];
  readonly singleUse: boolean;
  readonly graceSeconds: number;
  /** The clients that may use its assertions; `undefined` for all of them. */
  readonly clients: ReadonlySet<string> | undefined;
  /** The client of a request without client authentication; undefined where one is required. */
  readonly anonymousClientId: string | undefined;
}

const grantIssuerOptionNames = [
  ...assertionIssuerOptionNames,
  'scopes',
  'clients',
  'graceSeconds',
  'requireClient',
  'clientId',
] as const satisfies (keyof GrantIssuerOptions)[];

/**
 * What the assertions of each issuer are worth, by the issuer's exact identifier.
 *
 * Throws: `SetupError`.
 */
export function grantTrustFrom(entries: readonly GrantIssuerOptions[]): ReadonlyMap<string, GrantTrust> {
  const list: readonly GrantIssuerOptions[] = Array.isArray(entries) ? entries : [];
  return new Map(
    list.map((entry, index) => {
      const where = `assertionIssuers[${String(index)}]`;
      knownOptionsOnly(entry, grantIssuerOptionNames, where);
      return [entry.issuer, trustOf(entry, where)];
    }),
  );
}

function trustOf(entry: GrantIssuerOptions, where: string): GrantTrust {
  const { graceSeconds = 0 } = entry;
  if (!(Number.isFinite(graceSeconds) && graceSeconds >= 0)) {
    throw new SetupError({
      option: `${where}.graceSeconds`,
      problem: 'it is not a number of seconds from 0 on',
      remedy: 'Leave it out: then no token outlives its assertion.',
    });
  }
  return {
    scopes: scopesFrom(entry.scopes, `${where}.scopes`),
    singleUse: entry.singleUse ?? true,
    graceSeconds,
    clients: clientsFrom(entry.clients, `${where}.clients`),
    anonymousClientId: anonymousClientIdFrom(entry, where),
  };
}

function clientsFrom(clients: unknown, option: string): ReadonlySet<string> | undefined {
  if (clients === undefined) return undefined;
  if (isListOf(isNonEmptyString)(clients) && clients.length > 0) return new Set(clients);
  throw new SetupError({
    option,
    problem: 'it is not a list of client identifiers',
    remedy: 'Name the clients that may use these assertions, or leave it out.',
  });
}

function anonymousClientIdFrom(
  { requireClient, clientId }: { readonly requireClient?: unknown; readonly clientId?: unknown },
  where: string,
): string | undefined {
  if (requireClient !== undefined && typeof requireClient !== 'boolean') {
    throw new SetupError({
      option: `${where}.requireClient`,
      problem: 'it is not a boolean',
      remedy: 'Write requireClient: false to accept assertions without client authentication.',
    });
  }
  if (requireClient !== false) {
    if (clientId === undefined) return undefined;
    throw new SetupError({
      option: `${where}.clientId`,
      problem: 'a client is named, but client authentication is required, which says who the client is',
      remedy: 'Write requireClient: false beside it to accept assertions without client authentication.',
    });
  }
  if (typeof clientId === 'string' && clientId !== '') return clientId;
  throw new SetupError({
    option: `${where}.clientId`,
    problem: 'no client is named, and none is required to authenticate',
    remedy: 'Give the client identifier that the access tokens are to carry.',
  });
}
