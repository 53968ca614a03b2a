import { AssayError } from '../assay-error.js';
import type { Clock } from '../clock.js';
import type { JwtSigner } from '../signing/jwt-signer.js';
import type { ProtectedResourceMetadata } from './protected-resource-metadata.js';

/** By what and for how long metadata is signed. */
export interface MetadataSigning {
  /** Throws: `SetupError` where the key turned out not to be one. */
  readonly signer: () => Promise<JwtSigner>;
  readonly lifetimeSeconds: number;
  readonly cacheSeconds: number;
  readonly clock: Clock;
}

interface Signed {
  readonly jwt: string;
  /** Units: seconds since the epoch. The same holds for the next one. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Anybody may ask for metadata, so that a signer that fails is left alone for a while. Units: milliseconds. */
const pauseAfterFailureMs = 5_000;

/**
 * Signs one document when it is first asked for, and anew once half of the time has gone. The claims are the plain
 * members and `iss`, the resource itself; the JWT is no part of itself.
 *
 * While signing fails, the last signature serves for as long as nobody could keep it past its end.
 *
 * Error: `service.signing-unavailable`.  Throws: `SetupError` for a key that is none.
 * Spec: RFC 9728 section 2.2.
 */
export function signedMetadata(
  document: ProtectedResourceMetadata,
  { signer, lifetimeSeconds, cacheSeconds, clock }: MetadataSigning,
): () => Promise<string> {
  let current: Signed | undefined;
  let making: Promise<Signed> | undefined;
  let failure: { readonly error: AssayError; readonly untilMs: number } | undefined;

  const nowSeconds = () => Math.floor(clock.nowMs() / 1000);

  async function make(): Promise<Signed> {
    const { sign } = await signer();
    const issuedAt = nowSeconds();
    const expiresAt = issuedAt + lifetimeSeconds;
    const claims = { iss: document.resource, iat: issuedAt, exp: expiresAt, ...document };
    try {
      return { jwt: await sign(claims, { typ: 'JWT' }), issuedAt, expiresAt };
    } catch (cause) {
      const error = new AssayError('service.signing-unavailable', { cause });
      failure = { error, untilMs: clock.nowMs() + pauseAfterFailureMs };
      throw error;
    }
  }

  async function renewed(): Promise<string> {
    if (failure !== undefined && clock.nowMs() < failure.untilMs) throw failure.error;
    making ??= make().finally(() => (making = undefined));
    current = await making;
    failure = undefined;
    return current.jwt;
  }

  return async () => {
    if (current !== undefined && nowSeconds() < current.issuedAt + lifetimeSeconds / 2) return current.jwt;
    try {
      return await renewed();
    } catch (error) {
      if (current !== undefined && nowSeconds() + cacheSeconds <= current.expiresAt) return current.jwt;
      throw error;
    }
  };
}
