import { randomBytes } from 'node:crypto';
import { SetupError, type Clock, type JwtSigner } from '@assay/core';
import { ClientError } from './client-error.js';

/** What every assertion of a client says. */
export interface AssertionClaims {
  readonly issuer: string;
  readonly subject: string;
  /** The issuer identifier of the authorization server, and nobody else. */
  readonly audience: string;
  /** Units: seconds. */
  readonly lifetimeSeconds: number;
}

const tokenIdBytes = 16;

/**
 * A fresh assertion with a `jti` of 128 random bits.
 *
 * Error: `assertion.signing-failed`.
 * Spec: RFC 7523 section 3.
 */
export async function signAssertion(
  signer: JwtSigner,
  { issuer, subject, audience, lifetimeSeconds }: AssertionClaims,
  clock: Clock,
): Promise<string> {
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  const claims = {
    iss: issuer,
    sub: subject,
    aud: audience,
    iat: nowSeconds,
    exp: nowSeconds + lifetimeSeconds,
    jti: randomBytes(tokenIdBytes).toString('base64url'),
  };
  try {
    return await signer.sign(claims, { typ: 'JWT' });
  } catch (cause) {
    if (cause instanceof SetupError) throw cause;
    throw new ClientError('assertion.signing-failed', { cause });
  }
}
