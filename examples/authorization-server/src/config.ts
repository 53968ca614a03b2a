import { readFileSync } from 'node:fs';
import { knownAlgorithms } from '@assay/core';
import { z } from 'zod';

/** The configuration file of the example, in the field's own names. */

const scopes = z.array(z.string()).min(1);
const jwkSet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

const resource = z.strictObject({
  /** The identifier of a resource server, which its tokens carry in `aud` (RFC 8707). */
  resource: z.string(),
  scopes,
  accessTokenLifetimeSeconds: z.number().positive(),
});

const client = z.strictObject({
  /** As in RFC 7591 section 2. The server says what is missing or contradictory when it starts. */
  client_id: z.string(),
  client_name: z.string().optional(),
  jwks: jwkSet.optional(),
  jwks_uri: z.url().optional(),
  token_endpoint_auth_method: z
    .enum(['private_key_jwt', 'none'], 'clients authenticate with private_key_jwt, or not at all with none')
    .optional(),
  token_endpoint_auth_signing_alg: z.enum(knownAlgorithms).optional(),
  /** `client_credentials`, `urn:ietf:params:oauth:grant-type:jwt-bearer`, or both. */
  grant_types: z.array(z.string()).min(1),
  redirect_uris: z.array(z.string()).optional(),
  /** The scopes that the client may have, separated by spaces. */
  scope: z.string().optional(),
});

const assertionIssuer = z
  .strictObject({
    /** Whose assertions are accepted as grants (RFC 7523). */
    issuer: z.string(),
    jwks: jwkSet.optional(),
    jwks_uri: z.url().optional(),
    subjects: z.array(z.string()).min(1),
    scopes,
    /** The clients that may use the assertions; without client authentication the one that the tokens name. */
    clients: z.array(z.string()).min(1),
    singleUse: z.boolean().optional(),
    /** Whether a client has to authenticate beside the assertion. Default true. */
    requireClient: z.boolean().optional(),
  })
  .refine(
    ({ jwks, jwks_uri: uri }) => (jwks === undefined) !== (uri === undefined),
    'give either jwks or jwks_uri',
  )
  .refine(
    ({ requireClient, clients }) => requireClient !== false || clients.length === 1,
    'name exactly one client where none has to authenticate: tokens name it',
  );

const configSchema = z.strictObject({
  issuer: z.string(),
  port: z.number().int().min(1).max(65_535),
  allowInsecureLoopback: z.boolean().optional(),
  resources: z.array(resource).min(1),
  assertionIssuers: z.array(assertionIssuer).default([]),
  clients: z.array(client).optional(),
  users: z.array(z.never('users cannot sign in yet: leave the list empty')).optional(),
});

export type Config = z.infer<typeof configSchema>;

/** A configuration file cannot be used. The message names the file, the member and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * The configuration in a JSON file.
 *
 * Throws: `ConfigError`.
 */
export function readConfig(file: string): Config {
  return parseConfig(readText(file), file);
}

/**
 * The configuration in a JSON text; `file` is what messages call it.
 *
 * Throws: `ConfigError`.
 */
export function parseConfig(text: string, file: string): Config {
  const result = configSchema.safeParse(parseJson(text, file));
  if (result.success) return result.data;
  throw new ConfigError(
    `${file} cannot be used. Mend this and start again:\n${z.prettifyError(result.error)}`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `${file} cannot be read (${String(code)}). Give the path of a JSON file after --config.`,
    );
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the file, which may hold passwords: only the place is passed on.
    const [place = 'somewhere'] = /position \d+/.exec(String(error)) ?? [];
    throw new ConfigError(`${file} is not JSON: there is a mistake at ${place}.`);
  }
}
