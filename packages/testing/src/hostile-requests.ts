import type { FailureCode } from '@assay/core';
import { algorithmAttacks } from './hostile-requests/algorithms.js';
import type { Attack, RequestParts } from './hostile-requests/attack.js';
import { claimAttacks } from './hostile-requests/claims.js';
import { criticalHeaderAttacks } from './hostile-requests/critical-headers.js';
import { encodingAttacks } from './hostile-requests/encodings.js';
import { injectionAttacks } from './hostile-requests/injections.js';
import { issuerAttacks } from './hostile-requests/issuers.js';
import { keyAttacks } from './hostile-requests/keys.js';
import { kindAttacks } from './hostile-requests/kinds.js';
import {
  materialFrom,
  scopesOf,
  type AttackedIssuer,
  type Expectation,
  type Material,
} from './hostile-requests/material.js';
import { placementAttacks } from './hostile-requests/placement.js';
import { scopeAttacks } from './hostile-requests/scopes.js';

export type { AttackedIssuer, Expectation } from './hostile-requests/material.js';

/** A request that has to be refused, and how. Made when it is first looked at. */
export interface HostileRequest {
  /** What is wrong with it. No two requests of a battery have the same name. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for most. */
  readonly query: Readonly<Record<string, string>>;
  /** A form, where the request has a body. */
  readonly body?: Readonly<Record<string, string>> | undefined;
  readonly status: number;
  /** The `error` of the challenge and of the body; undefined where neither may have one. */
  readonly error: string | undefined;
  /** Assay's failure code, which no answer shows. */
  readonly failure: FailureCode;
  /** The row of the project's requirement matrices. */
  readonly spec: string;
}

const attacks: readonly Attack[] = [
  ...algorithmAttacks,
  ...keyAttacks,
  ...issuerAttacks,
  ...claimAttacks,
  ...kindAttacks,
  ...criticalHeaderAttacks,
  ...encodingAttacks,
  ...placementAttacks,
  ...injectionAttacks,
];

/**
 * Requests that a route protected with the defaults has to refuse, ready for `it.each`: known attacks on JWT
 * verifiers, each by a token that would be accepted but for one thing. Requirements of scope are attacked where
 * `expectation` names them.
 *
 * The issuer may be given as a function, for runners that make their tables before any hook has run: it is called when
 * the first request is looked at. What holds for an API that relaxes a default (a compatibility preset, tokens in the
 * query) is for its own suite to say.
 *
 * Spec: RFC 8725; RFC 9068 section 4; RFC 6750 section 3.1.
 */
export function hostileRequests(
  issuer: AttackedIssuer | (() => AttackedIssuer),
  expectation: Expectation = {},
): readonly HostileRequest[] {
  const material = once(() => materialFrom(typeof issuer === 'function' ? issuer() : issuer, expectation));
  const applicable = scopesOf(expectation.scope).length === 0 ? attacks : [...attacks, ...scopeAttacks];
  return applicable.map((attack) => hostileRequest(attack, material));
}

function hostileRequest({ name, spec, refusal, request }: Attack, material: () => Material): HostileRequest {
  const parts = once<RequestParts>(() => request(material()));
  return {
    name,
    spec,
    ...refusal,
    get headers() {
      return parts().headers;
    },
    get query() {
      return parts().query ?? {};
    },
    get body() {
      return parts().body;
    },
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
