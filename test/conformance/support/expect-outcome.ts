import { expect } from '@jest/globals';
import { AssayError, failures, type BoundToken, type FailureCode } from '@assay/core';
import { parseChallenges, type Challenge } from './parse-challenges.js';
import type { ProtectedApi } from './protected-api.js';
import type { RawAnswer } from './raw-http.js';

/** A status, and what the one Bearer challenge beside it says. */
export interface ExpectedChallenge {
  readonly status: 400 | 401 | 403;
  /** Absent: the challenge says nothing of an error. */
  readonly error?:
    'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'insufficient_user_authentication';
  readonly scope?: string;
  readonly acrValues?: string;
  readonly maxAge?: string;
  /** Default `https://api.example`. */
  readonly realm?: string;
}

/** The outcome "401 without error information" of the matrices. */
export const noCredentials: ExpectedChallenge = { status: 401 };
/** The outcome "401 invalid_token" of the matrices. */
export const invalidToken: ExpectedChallenge = { status: 401, error: 'invalid_token' };
/** The outcome "400 invalid_request" of the matrices. */
export const invalidRequest: ExpectedChallenge = { status: 400, error: 'invalid_request' };

/**
 * The outcome "401 invalid_token": the verifier throws exactly this failure; over HTTP the answer is 401 with one
 * Bearer challenge that says so, the handler does not run, and nothing of the token comes back.
 */
export async function expectInvalidToken(api: ProtectedApi, token: string, code: FailureCode): Promise<void> {
  await expectInvalidTokenOffTheWire(api, token, code);
  const before = api.handlerCalls();
  const answer = await api.sendToken(token);
  expect(api.handlerCalls()).toBe(before);
  expectChallenge(answer, invalidToken);
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
  expect(status).toBe(401);
  expectOneChallenge(parseChallenges(headers['WWW-Authenticate'] ?? ''), invalidToken);
}

/** The outcome "accept" of the matrices, at the verifier and over HTTP. */
export async function expectAccepted(api: ProtectedApi, token: string): Promise<BoundToken<'access-token'>> {
  const accepted = await api.verifier.verify(token);
  const before = api.handlerCalls();
  const answer = await api.sendToken(token);
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ for: accepted.claims['sub'] });
  expect(api.handlerCalls()).toBe(before + 1);
  return accepted;
}

/** Expects this status and this one challenge, with no other parameter, and a body that says no more. */
export function expectChallenge(answer: RawAnswer, expected: ExpectedChallenge): void {
  expect(answer.status).toBe(expected.status);
  expect(answer.headers['www-authenticate']).toHaveLength(1);
  const description = expectOneChallenge(answer.challenges, expected);
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  expect(body['error']).toBe(expected.error);
  expect(Object.keys(body).filter((name) => !['error', 'error_description'].includes(name))).toEqual([]);
  if (expected.error !== undefined) expect(body['error_description']).toBe(description);
}

const fixedDescriptions = new Set<string | undefined>(
  Object.values(failures).map(({ description }) => description),
);

function expectOneChallenge(
  challenges: readonly Challenge[],
  expected: ExpectedChallenge,
): string | undefined {
  const { realm = 'https://api.example', error, scope, acrValues, maxAge } = expected;
  const { error_description: description, ...parameters } = challenges[0]?.parameters ?? {};
  expect(challenges.map(({ scheme }) => scheme)).toEqual(['bearer']);
  expect(parameters).toEqual({
    realm,
    ...(error === undefined ? {} : { error }),
    ...(scope === undefined ? {} : { scope }),
    ...(acrValues === undefined ? {} : { acr_values: acrValues }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
  });
  expect(description !== undefined).toBe(error !== undefined);
  // A description is one of the fixed texts, so that it cannot hold anything that was received.
  expect(description === undefined || fixedDescriptions.has(description)).toBe(true);
  return description;
}
