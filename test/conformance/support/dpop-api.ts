import { expect } from '@jest/globals';
import { failures, knownAlgorithms, type Claims, type FailureCode } from '@assay/core';
import {
  createProofBuilder,
  type ProofBuilder,
  type ProofVariation,
  type ProvenRequest,
} from '@assay/testing';
import { startProtectedApi, type ProtectedApi, type ProtectedApiOptions } from './protected-api.js';
import type { RawAnswer, RawRequest } from './raw-http.js';

/** By what the outside knows the API: the origin of its audience. */
export const origin = 'https://api.example';

/** A request with a bound token, and what about its proof is different. */
export interface ProvenCall extends Omit<Partial<ProvenRequest>, 'accessToken'> {
  /** Path and query. Default `/orders`. */
  readonly target?: string;
  /** Default: a fresh token that is bound to the builder's key. */
  readonly token?: string;
  readonly variation?: ProofVariation;
  /** The whole value of the `DPoP` header. Default: the proof. */
  readonly proof?: string;
}

/** A protected API with the key of its client. */
export interface DpopApi extends ProtectedApi {
  readonly proofs: ProofBuilder;
  /** A token that is bound to the key of the client. */
  readonly boundToken: (claims?: Claims) => string;
  /** The lines of a request with a bound token and a proof for it. */
  readonly lines: (call?: ProvenCall) => readonly string[];
  /** Sends a request with a bound token and a proof for it. */
  readonly prove: (call?: ProvenCall) => Promise<RawAnswer>;
}

/** Starts an API on a free loopback port, and makes a key for its client. `closeProtectedApis` stops it. */
export async function startDpopApi(options: ProtectedApiOptions = {}): Promise<DpopApi> {
  const api = await startProtectedApi(options);
  return provenBy(api, await createProofBuilder({ clock: api.clock }));
}

/** The API, as a client with this key sees it. */
export function provenBy(api: ProtectedApi, proofs: ProofBuilder): DpopApi {
  const boundToken = (claims: Claims = {}) =>
    api.builder.accessToken({ cnf: { jkt: proofs.thumbprint }, ...claims });

  const lines = ({ target = '/orders', token = boundToken(), ...call }: ProvenCall = {}) => {
    const { method, url = origin + target, nonce, variation, proof } = call;
    const request = {
      url,
      ...(method === undefined ? {} : { method }),
      ...(nonce === undefined ? {} : { nonce }),
    };
    const headers = proofs.headers(token, request, variation);
    return dpopLines(headers.authorization, proof ?? headers.dpop);
  };

  const prove = (call: ProvenCall = {}) => {
    const request: RawRequest = { target: call.target ?? '/orders', lines: lines(call) };
    return api.send(call.method === undefined ? request : { ...request, method: call.method });
  };

  return { ...api, proofs, boundToken, lines, prove };
}

/** Header lines with these credentials and these proofs, one line for each. */
export function dpopLines(authorization: string, ...proofs: readonly string[]): readonly string[] {
  return [`Authorization: ${authorization}`, ...proofs.map((proof) => `DPoP: ${proof}`)];
}

/** What a challenge says of an error; nothing where it says none. */
export type ExpectedError = FailureCode | undefined;

/** Which schemes are challenged, and the failure that each speaks of. */
export type ExpectedSchemes = Readonly<Partial<Record<'bearer' | 'dpop', ExpectedError>>>;

/**
 * Expects the status of a failure and exactly these challenges, each with the realm, the DPoP one with the algorithms of
 * proofs, and nothing in them or in the body but texts of the catalogue.
 */
export function expectChallenges(
  answer: RawAnswer,
  code: FailureCode,
  schemes: ExpectedSchemes,
  algorithms: readonly string[] = knownAlgorithms,
): void {
  const { status, error, description } = failures[code];
  expect(answer.status).toBe(status);
  expect(answer.headers['www-authenticate']).toHaveLength(1);
  expect(answer.headers['cache-control']).toEqual(['no-store']);
  expect(answer.challenges.map(({ scheme, parameters }) => [scheme, parameters])).toEqual(
    (['bearer', 'dpop'] as const)
      .filter((scheme) => scheme in schemes)
      .map((scheme) => [
        scheme,
        {
          realm: origin,
          ...(scheme === 'dpop' ? { algs: algorithms.join(' ') } : {}),
          ...errorParameters(schemes[scheme]),
        },
      ]),
  );
  expect(JSON.parse(answer.body)).toEqual({
    ...(error === undefined ? {} : { error }),
    error_description: description,
  });
}

function errorParameters(code: ExpectedError): Readonly<Record<string, string>> {
  const { error, description } = code === undefined ? { error: undefined } : failures[code];
  return error === undefined ? {} : { error, error_description: description };
}

/** Expects that a call under the DPoP scheme is refused like this, and that no handler ran. */
export async function expectProofRefused(
  api: ProtectedApi,
  call: () => Promise<RawAnswer>,
  code: FailureCode,
): Promise<RawAnswer> {
  const before = api.handlerCalls();
  const answer = await call();
  expectChallenges(answer, code, { dpop: code });
  expect(api.handlerCalls()).toBe(before);
  return answer;
}

/** Expects that a call passes, and that the handler ran once. */
export async function expectProven(api: ProtectedApi, call: () => Promise<RawAnswer>): Promise<RawAnswer> {
  const before = api.handlerCalls();
  const answer = await call();
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
  expect(api.handlerCalls()).toBe(before + 1);
  return answer;
}
