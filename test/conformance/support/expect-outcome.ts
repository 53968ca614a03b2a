import { expect } from '@jest/globals';
import { AssayError, failures, type AcceptedToken, type FailureCode } from '@assay/core';
import { parseChallenges, type Challenge } from './parse-challenges.js';
import type { ProtectedApi } from './protected-api.js';
import type { RawAnswer } from './raw-http.js';

/**
 * The outcome "401 invalid_token" of the matrices: the verifier throws exactly this failure; over HTTP the answer is
 * 401 with one Bearer challenge that says so, the handler does not run, and nothing of the token comes back.
 */
export async function expectInvalidToken(api: ProtectedApi, token: string, code: FailureCode): Promise<void> {
  await expectInvalidTokenOffTheWire(api, token, code);
  const before = api.handlerCalls();
  const answer = await api.sendToken(token);
  expect(api.handlerCalls()).toBe(before);
  expectChallenge(answer, code);
  for (const segment of token.split('.')) {
    // Short segments can stand in any text by chance.
    if (segment.length > 16) expect(answer.text).not.toContain(segment);
  }
}

/** The same for tokens that no `Authorization` header can carry: the verifier, and the challenge for its error. */
export async function expectInvalidTokenOffTheWire(
  api: ProtectedApi,
  token: string,
  code: FailureCode,
): Promise<void> {
  const error = await api.verifier.verify(token).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(AssayError);
  expect((error as AssayError).code).toBe(code);
  const { status, headers } = api.resourceServer.challenge(error);
  expect({ status, challenges: parseChallenges(headers['WWW-Authenticate'] ?? '') }).toEqual({
    status: 401,
    challenges: [challengeFor(code)],
  });
}

/** The outcome "accept" of the matrices, at the verifier and over HTTP. */
export async function expectAccepted(
  api: ProtectedApi,
  token: string,
): Promise<AcceptedToken<'access-token'>> {
  const accepted = await api.verifier.verify(token);
  const before = api.handlerCalls();
  const answer = await api.sendToken(token);
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ for: accepted.claims['sub'] });
  expect(api.handlerCalls()).toBe(before + 1);
  return accepted;
}

/** Expects the status of a failure and its one challenge, each parameter once and no other. */
export function expectChallenge(
  answer: RawAnswer,
  code: FailureCode,
  parameters: Readonly<Record<string, string>> = {},
): void {
  expect(answer.status).toBe(failures[code].status);
  expect(answer.headers['www-authenticate']).toHaveLength(1);
  expect(answer.challenges).toEqual([challengeFor(code, parameters)]);
}

function challengeFor(code: FailureCode, parameters: Readonly<Record<string, string>> = {}): Challenge {
  const { error, description } = failures[code];
  const told = error === undefined ? {} : { error, error_description: description };
  return { scheme: 'bearer', parameters: { realm: 'https://api.example', ...told, ...parameters } };
}
