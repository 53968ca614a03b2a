import { isJsonObject } from '../../encoding/strict-json.js';
import { scopeList } from '../../profiles/claim-reading.js';
import { isScopeToken } from '../../requirements/scope.js';
import {
  alsoForTokenEndpoint,
  clientAssertion,
  typedClientAssertion,
} from '../../profiles/client-assertion.js';
import { isListOf, isNonEmptyString } from '../../rules/shapes.js';
import { algorithmsFrom } from '../../settings/algorithm-list.js';
import {
  keySourceFrom,
  type KeySetUrl,
  type KeysOption,
  type RemoteKeySettings,
} from '../../settings/key-option.js';
import { booleanFrom, knownOptionsOnly } from '../../settings/options.js';
import { isSecureUrl } from '../../keys/secure-url.js';
import { SetupError } from '../../setup-error.js';
import type { TrustedIssuer } from '../../trusted-issuer.js';
import type { JwkSet } from '../../keys/fixed-keys.js';
import type { ClientAuthenticationMethod, ClientMetadata, RegisteredClient } from './registered-client.js';

/** What all clients of a server share. */
export interface ClientSurroundings {
  /** The issuer identifier of the server. */
  readonly issuer: string;
  readonly tokenEndpoint: string | undefined;
  readonly leewaySeconds: number;
  /** How far `exp` may lie ahead, how far after `iat`, and how long ago `iat`. Units: seconds. */
  readonly maximumLifetimeSeconds: number;
  readonly remote: RemoteKeySettings;
}

const metadataNames = [
  'client_id',
  'client_name',
  'jwks',
  'jwks_uri',
  'token_endpoint_auth_method',
  'token_endpoint_auth_signing_alg',
  'grant_types',
  'redirect_uris',
  'scope',
  'requireTyp',
  'compatibility',
] as const satisfies (keyof ClientMetadata)[];

/**
 * A client as its metadata describes it.
 *
 * Throws: `SetupError` for what is missing, weak or contradictory, naming the member.
 * Spec: RFC 7591 section 2.
 */
export function registeredClientFrom(
  metadata: ClientMetadata,
  where: string,
  surroundings: ClientSurroundings,
): RegisteredClient {
  knownOptionsOnly(metadata, metadataNames, where);
  const clientId = textFrom(metadata.client_id, `${where}.client_id`);
  const authenticationMethod = methodFrom(metadata, where);
  return Object.freeze({
    clientId,
    authenticationMethod,
    grantTypes: new Set(grantTypesFrom(metadata.grant_types, `${where}.grant_types`)),
    scopes: scopesFrom(metadata.scope, `${where}.scope`),
    assertions:
      authenticationMethod === 'private_key_jwt' ? assertionsOf(metadata, where, surroundings) : undefined,
    metadata,
  });
}

function methodFrom(
  { token_endpoint_auth_method: method, jwks, jwks_uri: jwksUri }: ClientMetadata,
  where: string,
): ClientAuthenticationMethod {
  const hasKeys = jwks !== undefined || jwksUri !== undefined;
  const chosen = method ?? (hasKeys ? 'private_key_jwt' : 'none');
  const option = `${where}.token_endpoint_auth_method`;
  if (!['private_key_jwt', 'none'].includes(chosen)) {
    throw refused(
      option,
      'this method is not supported',
      'Use private_key_jwt, or none for a public client.',
    );
  }
  if (chosen === 'private_key_jwt' && !hasKeys) {
    throw refused(
      `${where}.jwks`,
      'the client authenticates with a key that nobody knows',
      'Give jwks or jwks_uri.',
    );
  }
  if (jwks !== undefined && jwksUri !== undefined) {
    throw refused(
      `${where}.jwks_uri`,
      'it stands beside jwks, so that it is not said which keys count',
      'Give one of the two.',
    );
  }
  return chosen;
}

function assertionsOf(
  metadata: ClientMetadata,
  where: string,
  { issuer, tokenEndpoint, leewaySeconds, maximumLifetimeSeconds, remote }: ClientSurroundings,
): TrustedIssuer {
  const { client_id: identifier, jwks, jwks_uri: jwksUri, token_endpoint_auth_signing_alg: alg } = metadata;
  const algorithms = algorithmsFrom(
    alg === undefined ? undefined : [alg],
    `${where}.token_endpoint_auth_signing_alg`,
  );
  const option = `${where}.${jwks === undefined ? 'jwks_uri' : 'jwks'}`;
  const keys: KeysOption =
    jwks === undefined ? keySetUrlFrom(jwksUri, option, remote) : keySetFrom(jwks, option);
  const strict = booleanFrom(metadata.requireTyp, `${where}.requireTyp`)
    ? typedClientAssertion
    : clientAssertion;
  const relaxation = relaxationFrom(metadata, where, tokenEndpoint);
  const relaxed = relaxation && alsoForTokenEndpoint(strict, relaxation.tokenEndpoint);
  return {
    identifier,
    algorithms,
    keySource: keySourceFrom(keys, { issuer: identifier, option, algorithms }, remote),
    profileAt: (nowSeconds) => (nowSeconds < (relaxation?.untilSeconds ?? 0) ? (relaxed ?? strict) : strict),
    expectations: {
      audiences: [issuer],
      leewaySeconds,
      maximumLifetimeSeconds,
      maximumAgeSeconds: maximumLifetimeSeconds,
      singleUse: true,
    },
  };
}

interface Relaxation {
  readonly tokenEndpoint: string;
  /** Units: seconds since the epoch. */
  readonly untilSeconds: number;
}

function relaxationFrom(
  { compatibility }: ClientMetadata,
  where: string,
  tokenEndpoint: string | undefined,
): Relaxation | undefined {
  if (compatibility === undefined) return undefined;
  const option = `${where}.compatibility`;
  knownOptionsOnly(compatibility, ['audience', 'until'], option);
  if ((compatibility.audience as unknown) !== 'token-endpoint') {
    throw refused(`${option}.audience`, 'there is no such relaxation', "Use 'token-endpoint'.");
  }
  if (tokenEndpoint === undefined) {
    throw refused(`${option}.audience`, 'the token endpoint is not known', 'Give tokenEndpoint.');
  }
  const until: unknown = compatibility.until;
  const untilSeconds = typeof until === 'string' ? Date.parse(until) / 1000 : NaN;
  if (Number.isFinite(untilSeconds)) return { tokenEndpoint, untilSeconds };
  throw refused(`${option}.until`, 'it is not a date', "Say until when, for instance '2027-06-30'.");
}

function keySetUrlFrom(
  url: unknown,
  option: string,
  { allowInsecureLoopback }: RemoteKeySettings,
): KeySetUrl {
  if (typeof url === 'string' && isSecureUrl(url, { allowInsecureLoopback })) return { jwksUri: url };
  throw refused(
    option,
    'it is not an https URL',
    'Use https, or set allowInsecureLoopback: true for a server on this machine.',
  );
}

function keySetFrom(jwks: unknown, option: string): JwkSet {
  if (!isJsonObject(jwks) || !Array.isArray(jwks['keys'])) {
    throw refused(option, 'it is not a JWK Set', 'Give { keys: [ … ] } with the public keys of the client.');
  }
  // Whoever can verify by it could sign by it as well.
  if (jwks['keys'].some((key) => isJsonObject(key) && ('d' in key || 'k' in key))) {
    throw refused(
      option,
      'it holds a private or secret key, which only the client should have',
      'Give the public signing key alone, and let the client have a new one.',
    );
  }
  return jwks as unknown as JwkSet;
}

function grantTypesFrom(grantTypes: unknown, option: string): readonly string[] {
  // RFC 7591 section 2.
  if (grantTypes === undefined) return ['authorization_code'];
  if (isListOf(isNonEmptyString)(grantTypes)) return grantTypes;
  throw refused(
    option,
    'it is not a list of grant types',
    "Name what the client may use, for instance ['client_credentials'].",
  );
}

function scopesFrom(scope: unknown, option: string): readonly string[] | undefined {
  if (scope === undefined) return undefined;
  const scopes = scopeList(scope);
  if (typeof scope === 'string' && scopes.every(isScopeToken)) return Object.freeze([...new Set(scopes)]);
  throw refused(
    option,
    'it is not a list of scopes',
    "Write them one after another, for instance 'orders:read orders:write'.",
  );
}

function textFrom(text: unknown, option: string): string {
  if (isNonEmptyString(text)) return text;
  throw refused(option, 'it is not a text with something in it', 'Give the identifier of the client.');
}

function refused(option: string, problem: string, remedy: string): SetupError {
  return new SetupError({ option, problem, remedy });
}
