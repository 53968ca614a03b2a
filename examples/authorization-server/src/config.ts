import { readFileSync } from 'node:fs';
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

const assertionIssuer = z
  .strictObject({
    /** Whose assertions are accepted as grants (RFC 7523). */
    issuer: z.string(),
    jwks: jwkSet.optional(),
    jwks_uri: z.url().optional(),
    subjects: z.array(z.string()).min(1),
    scopes,
    /** The client that the tokens name. */
    clients: z.array(z.string()).length(1, 'name exactly one client until clients can authenticate'),
    singleUse: z.boolean().optional(),
    requireClient: z.literal(false, 'only false works until clients can authenticate'),
  })
  .refine(
    ({ jwks, jwks_uri: uri }) => (jwks === undefined) !== (uri === undefined),
    'give either jwks or jwks_uri',
  );

const configSchema = z.strictObject({
  issuer: z.string(),
  port: z.number().int().min(1).max(65_535),
  allowInsecureLoopback: z.boolean().optional(),
  resources: z.array(resource).min(1),
  assertionIssuers: z.array(assertionIssuer),
  clients: z.array(z.never('clients cannot authenticate yet: leave the list empty')).optional(),
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
