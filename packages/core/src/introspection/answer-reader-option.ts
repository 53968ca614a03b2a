import { isJsonObject } from '../encoding/strict-json.js';
import type { KeySource } from '../keys/key-source.js';
import { audiencesFrom } from '../settings/identifiers.js';
import { keySourceFrom } from '../settings/key-option.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import type { TrustedIssuers } from '../trusted-issuer.js';
import { jsonAnswers, jwtAnswers, type AnswerReader } from './answer-reader.js';
import type { JwtAnswerOptions } from './introspection-options.js';
import type { IntrospectionContext } from './introspection-settings.js';
import {
  defaultMaximumResponseAgeSeconds,
  introspectionResponseParts,
  responseAlgorithmsFrom,
} from './jwt-response.js';

/** Whose answers are read, and who asked. */
export interface ReaderContext extends IntrospectionContext {
  readonly issuer: string;
  readonly clientId: string | undefined;
}

/**
 * How the answers of an endpoint are read.
 *
 * Throws: `SetupError`.
 * Spec: RFC 7662 section 2.2; RFC 9701 sections 4 to 6.
 */
export function answerReaderFrom(
  response: unknown = 'json',
  option: string,
  context: ReaderContext,
): AnswerReader {
  if (response === 'json') return jsonAnswers;
  const { jwt } = Object(response) as { readonly jwt?: unknown };
  if (!isJsonObject(response) || !isJsonObject(jwt)) {
    throw new SetupError({
      option,
      problem: 'it is neither of the two kinds of answers',
      remedy: "Use 'json', or { jwt: {} } for signed answers.",
    });
  }
  knownOptionsOnly(response, ['jwt'], option);
  return jwtReader(jwt, `${option}.jwt`, context);
}

const jwtAnswerOptionNames = [
  'algorithms',
  'keys',
  'decryptionKeys',
  'audience',
] as const satisfies (keyof JwtAnswerOptions)[];

function jwtReader(
  options: JwtAnswerOptions,
  where: string,
  { issuer, clientId, issuers, audiences, leewaySeconds, remote }: ReaderContext,
): AnswerReader {
  knownOptionsOnly(options, jwtAnswerOptionNames, where);
  const { keys, audience } = options;
  const algorithms = responseAlgorithmsFrom(options, `${where}.`);
  const keySource =
    keys === undefined
      ? keysOfIssuer(issuer, issuers, `${where}.keys`)
      : keySourceFrom(keys, { issuer, option: `${where}.keys`, algorithms }, remote);
  const ownNames = clientId === undefined ? audiences : [...new Set([clientId, ...audiences])];
  const origin = {
    issuer,
    audiences: audience === undefined ? ownNames : audiencesFrom(audience, `${where}.audience`),
    keySource,
    leewaySeconds,
    maximumAgeSeconds: defaultMaximumResponseAgeSeconds,
    clock: remote.clock,
  };
  return jwtAnswers(introspectionResponseParts(origin, options, `${where}.`));
}

/** The keys by which the issuer's tokens are verified: its answers are signed by one of them, unless it is said otherwise. */
function keysOfIssuer(issuer: string, issuers: TrustedIssuers, option: string): KeySource {
  const named = [...issuers.values()].find(({ identifier }) => identifier === issuer);
  if (named?.sharedSecret !== undefined) {
    throw new SetupError({
      option,
      problem: 'the issuer has a shared secret and no keys, so that no answer could be verified',
      remedy: "Give the keys by which its answers are signed, for instance { jwksUri: 'https://…' }.",
    });
  }
  const source = async () => {
    const trusted = await issuers.get(issuer);
    if (trusted === undefined) throw new Error(`${issuer} is not trusted any more`);
    return trusted.keySource;
  };
  return {
    find: async (query) => (await source()).find(query),
    ready: async () => (await source()).ready(),
  };
}
