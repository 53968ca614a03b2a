import { randomUUID } from 'node:crypto';
import { isKnownAlgorithm, type Algorithm } from '../algorithms.js';
import type { Clock } from '../clock.js';
import { isJsonObject } from '../encoding/strict-json.js';
import { isString } from '../rules/shapes.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import { createJwtSigner, type SigningKey } from '../signing/jwt-signer.js';

/** The resource server as a client of the issuer, authenticated by a signed assertion (`private_key_jwt`). */
export interface PrivateKeyJwtOptions {
  readonly clientId: string;
  readonly key: SigningKey;
  /** Default: the JWK's `alg`, or the first algorithm that fits the key. */
  readonly alg?: Algorithm;
}

/** What a client authentication adds to a request. */
export interface ClientCredentialsSent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Another way of authentication: mutual TLS, where the `fetch` holds the certificate, or one of an older server. */
export type ClientAuthenticationFunction = (request: {
  readonly endpoint: string;
  readonly issuer: string;
}) => ClientCredentialsSent | Promise<ClientCredentialsSent>;

/** By whom the introspection endpoint is asked. */
export type ClientAuthenticationOption = PrivateKeyJwtOptions | ClientAuthenticationFunction;

/** What proves to the endpoint who asks. */
export interface ClientAuthentication {
  /** The client identifier, where it is known. */
  readonly clientId: string | undefined;
  /** What one request carries. */
  readonly credentials: () => Promise<ClientCredentialsSent>;
  /** Rejects with `SetupError` when the key turned out not to be one. */
  readonly ready: () => Promise<void>;
}

/** Where the client authenticates, and what its assertions say of time. */
export interface ClientAuthenticationContext {
  readonly endpoint: string;
  readonly issuer: string;
  readonly clock: Clock;
}

/** How long an assertion is good. Units: seconds. */
const assertionLifetimeSeconds = 60;

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * The client authentication of some options.
 *
 * Throws: `SetupError`. A key that cannot sign is told by `ready`, and by every use.
 * Spec: RFC 7662 section 2.1; RFC 7523 section 3.
 */
export function clientAuthenticationFrom(
  given: ClientAuthenticationOption,
  option: string,
  context: ClientAuthenticationContext,
): ClientAuthentication {
  if (typeof given === 'function') return byFunction(given, context);
  if (!isJsonObject(given)) {
    throw new SetupError({
      option,
      problem: 'it is not said who asks, so that anybody could look tokens up there',
      remedy:
        'Give { clientId, key } as registered with the issuer, or a function that adds headers or parameters.',
    });
  }
  return byAssertion(given, option, context);
}

function byAssertion(
  options: PrivateKeyJwtOptions,
  option: string,
  { issuer, clock }: ClientAuthenticationContext,
): ClientAuthentication {
  knownOptionsOnly(options, ['clientId', 'key', 'alg'] satisfies (keyof PrivateKeyJwtOptions)[], option);
  const { clientId, key, alg } = options;
  requireIdentifier(clientId, `${option}.clientId`);
  requireSigningKey(key, alg, option);
  const signing = createJwtSigner(key, alg === undefined ? {} : { alg }).catch((error: unknown) => {
    if (!(error instanceof SetupError)) throw error;
    const { remedy } = error;
    throw new SetupError({ option: `${option}.key`, problem: 'it cannot sign', remedy }, error);
  });
  // Whoever uses the key is told; without a user, a rejection must not end the process.
  signing.catch(() => undefined);

  return {
    clientId,
    async credentials() {
      const signer = await signing;
      const iat = Math.floor(clock.nowMs() / 1000);
      const assertion = await signer.sign(
        {
          iss: clientId,
          sub: clientId,
          // The issuer alone: an assertion for one endpoint of it is good at no other server.
          aud: issuer,
          jti: randomUUID(),
          iat,
          exp: iat + assertionLifetimeSeconds,
        },
        { typ: 'client-authentication+jwt' },
      );
      return {
        parameters: {
          client_id: clientId,
          client_assertion_type: assertionType,
          client_assertion: assertion,
        },
      };
    },
    async ready() {
      await signing;
    },
  };
}

function requireIdentifier(clientId: unknown, option: string): void {
  if (typeof clientId === 'string' && clientId !== '') return;
  throw new SetupError({
    option,
    problem: 'it is not a string with something in it',
    remedy: 'Give the identifier under which this resource server is registered with the issuer.',
  });
}

/** What can be seen at once is judged at once; the rest by the time of the first use. */
function requireSigningKey(key: unknown, alg: unknown, option: string): void {
  const { kty } = Object(key) as Readonly<Record<string, unknown>>;
  const isGiven = (typeof key === 'string' && key !== '') || (typeof key === 'object' && key !== null);
  if (!isGiven || kty === 'oct') {
    throw new SetupError({
      option: `${option}.key`,
      problem: 'there is no private key to sign with',
      remedy: 'Give a private JWK, PEM or KeyObject, or { alg, kid, sign }. There is no client_secret.',
    });
  }
  if (alg === undefined || (typeof alg === 'string' && isKnownAlgorithm(alg))) return;
  throw new SetupError({
    option: `${option}.alg`,
    problem: 'it is not a supported asymmetric algorithm',
    remedy: 'Give the algorithm that is registered for the client, for instance ES256.',
  });
}

/** What a request cannot do without, and nobody may change. */
const ownHeaders = new Set(['accept', 'content-type', 'content-length', 'host', 'cookie']);
const ownParameters = new Set(['token', 'token_type_hint']);

function byFunction(
  authenticate: ClientAuthenticationFunction,
  { endpoint, issuer }: ClientAuthenticationContext,
): ClientAuthentication {
  return {
    clientId: undefined,
    async credentials() {
      const answered: unknown = await authenticate({ endpoint, issuer });
      const { headers = {}, parameters = {} } = Object(answered) as Readonly<Record<string, unknown>>;
      if (isJsonObject(answered) && hasOnly(headers, ownHeaders) && hasOnly(parameters, ownParameters)) {
        return { headers, parameters };
      }
      // What it answered may be a secret, and is not repeated.
      throw new Error(
        'clientAuthentication did not return { headers, parameters } with texts for what is not ours to set',
      );
    },
    ready: () => Promise.resolve(),
  };
}

function hasOnly(members: unknown, taken: ReadonlySet<string>): members is Record<string, string> {
  return (
    isJsonObject(members) &&
    Object.entries(members).every(([name, value]) => isString(value) && !taken.has(name.toLowerCase()))
  );
}
