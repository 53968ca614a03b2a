import type { Clock } from '@assay/core';
import type { GrantedToken } from './token-request.js';

/** An access token, as the application sees it. */
export interface AccessToken {
  readonly accessToken: string;
  /** Units: seconds since the epoch. Undefined where the authorization server did not say. */
  readonly expiresAt: number | undefined;
  readonly scope: readonly string[];
}

/** Keeps one token until shortly before it expires. */
export interface TokenCache {
  /** The token that is kept, or a new one. Callers at the same time share one request. */
  readonly get: () => Promise<AccessToken>;
  /** Forgets a token that turned out to be refused, unless a newer one has taken its place. */
  readonly drop: (token: AccessToken) => void;
}

// Whichever is shorter before expiry: a tenth of the life, or half a minute.
const earlyShare = 0.1;
const longestEarlySeconds = 30;

/** A cache for the tokens that `request` obtains. A token whose life is not told is not kept. */
export function tokenCache(request: () => Promise<GrantedToken>, clock: Clock): TokenCache {
  let kept: { readonly token: AccessToken; readonly renewAtSeconds: number } | undefined;
  let underWay: Promise<AccessToken> | undefined;

  async function obtain(): Promise<AccessToken> {
    // The life is counted from before the request: an answer that took its time must not lengthen it.
    const askedAtSeconds = clock.nowMs() / 1000;
    const { accessToken, expiresInSeconds, scope } = await request();
    const expiresAt = expiresInSeconds === undefined ? undefined : askedAtSeconds + expiresInSeconds;
    const token = Object.freeze({ accessToken, expiresAt, scope: Object.freeze([...scope]) });
    if (expiresInSeconds === undefined || expiresAt === undefined) return token;
    const early = Math.min(longestEarlySeconds, expiresInSeconds * earlyShare);
    kept = { token, renewAtSeconds: expiresAt - early };
    return token;
  }

  return {
    get() {
      if (kept !== undefined && clock.nowMs() / 1000 < kept.renewAtSeconds)
        return Promise.resolve(kept.token);
      return (underWay ??= obtain().finally(() => (underWay = undefined)));
    },
    drop(token) {
      if (kept?.token === token) kept = undefined;
    },
  };
}
