import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as oauth from 'oauth4webapi';
import { tokenByClientCredentials, type Access } from './foreign-client.js';
import { keyPair } from './key-pair.js';
import { stop } from './processes.js';

/** A resource server that the foreign issuer knows, and how it signs its tokens. */
export interface ForeignResource {
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly alg: 'ES256' | 'RS256';
}

/** An authorization server that others wrote (oidc-provider), with a client that others wrote (oauth4webapi). */
export interface ForeignIssuer {
  readonly issuer: string;
  /** An RFC 9068 access token by client credentials, the client authenticated with `private_key_jwt`. */
  readonly accessToken: (access: Access) => Promise<string>;
  /** The client that it knows. */
  readonly clientId: string;
  /** How that client authenticates at the token endpoint. */
  readonly authentication: () => oauth.ClientAuth;
  /** Throws if anything has gone wrong inside the issuer since the last time. */
  readonly throwFailures: () => void;
  readonly close: () => Promise<void>;
}

/** How long its access tokens live. Units: seconds. */
export const accessTokenLifetimeSeconds = 300;

/** The one client that it knows. */
export const foreignClientId = 'nightly-batch';

/** What oidc-provider says about being used in a test. Everything else that it says is printed. */
const expectedNotices = [
  'oidc-provider WARNING: Unsupported runtime.', // Node 20, where it works all the same
  'oidc-provider WARNING: a quick start development-only in-memory adapter is used', // what a test wants
];

/** Starts the issuer on a free loopback port. Call `close` when the tests are over. */
export async function startForeignIssuer(
  resources: readonly ForeignResource[],
  {
    dpop = false,
  }: { /** Binds tokens to keys, and demands nonces. Default false. */ readonly dpop?: boolean } = {},
): Promise<ForeignIssuer> {
  const key = await keyPair('batch-1');
  const child = fork(join(import.meta.dirname, 'oidc-provider.mjs'), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  printWhatIsUnexpected(child);
  const failures: string[] = [];
  child.on('message', ({ failure }: { failure?: string }) => {
    if (failure !== undefined) failures.push(failure);
  });
  child.send({
    resources,
    client: { id: foreignClientId, publicJwk: key.publicJwk },
    dpop,
    lifetimeSeconds: accessTokenLifetimeSeconds,
  });
  const issuer = await announcedIssuer(child);
  return {
    issuer,
    clientId: foreignClientId,
    authentication: () => oauth.PrivateKeyJwt({ key: key.privateKey, kid: key.kid }),
    accessToken: (access) => tokenByClientCredentials(issuer, { clientId: foreignClientId, key }, access),
    throwFailures() {
      const told = failures.splice(0);
      if (told.length > 0) throw new Error(`oidc-provider: ${told.join('; ')}`);
    },
    close: () => stop(child),
  };
}

async function announcedIssuer(child: ChildProcess): Promise<string> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`oidc-provider ended with status ${String(code)}`);
  });
  const [{ issuer }] = (await Promise.race([once(child, 'message'), ended])) as [{ issuer: string }];
  return issuer;
}

function printWhatIsUnexpected({ stdout, stderr }: ChildProcess): void {
  for (const output of [stdout, stderr]) {
    if (output === null) continue;
    createInterface(output).on('line', (line) => {
      if (!expectedNotices.some((notice) => line.startsWith(notice))) console.error(line);
    });
  }
}
