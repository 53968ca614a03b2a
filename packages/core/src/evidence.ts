/**
 * What a token becomes on its way through the steps. Each type can only be made by its step, so that no step
 * can be skipped: the compiler refuses a parsed token where a verified one is due.
 */

import type { ClaimReading } from './profiles/claim-reading.js';

declare const stage: unique symbol;

/** A value that has reached the named stage. */
export type At<Stage extends string, Value> = Value & { readonly [stage]: Stage };

/** A JOSE header (RFC 7515 section 4), its known members checked for type, the others as they came. */
export interface JoseHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: unknown;
  readonly [parameter: string]: unknown;
}

/** The members of a claims set (RFC 7519 section 4), as they came. */
export type Claims = Readonly<Record<string, unknown>>;

/** The one token that a request carries. Nothing is known about it. */
export type PresentedToken = At<'presented', string>;

/** A well-formed compact JWS. Nothing in it may be believed. */
export type UnverifiedToken = At<
  'unverified',
  {
    readonly header: JoseHeader;
    readonly unverifiedClaims: Claims;
    readonly signingInput: string;
    readonly signature: Uint8Array;
    readonly fingerprint: string;
  }
>;

/** What a verified or an accepted token holds. */
export interface SignedStatement {
  readonly header: JoseHeader;
  readonly claims: Claims;
  readonly issuer: string;
  readonly fingerprint: string;
}

/** A token whose signature was made by a key of its issuer. From here on, its claims may be believed. */
export type VerifiedToken = At<'verified', SignedStatement>;

/** A verified token that satisfies every rule of the profile `Kind`. */
export type AcceptedToken<Kind extends string = string> = At<'accepted', AcceptedStatement<Kind>>;

/** What an accepted token holds: what it is, and under which names its claims stand. */
export interface AcceptedStatement<Kind extends string> extends SignedStatement {
  readonly kind: Kind;
  readonly reading: ClaimReading;
}

/** An accepted token whose confirmation, if it has one, was proven by this request. */
export type BoundToken<Kind extends string = string> = At<'bound', AcceptedStatement<Kind>>;

/** Marks a value as having reached its stage. For the step that vouches for it, and nobody else. */
export function reached<Token extends object>(value: Omit<Token, typeof stage>): Token {
  return value as unknown as Token;
}
