import { systemClock, type Clock } from '../clock.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import {
  revocationGraceSeconds,
  type Revocation,
  type RevocationQuery,
  type WritableRevocationStore,
} from './revocation-store.js';

/** The limits of the revocations of one process. */
export interface InMemoryRevocationsOptions {
  /** How many live revocations are held. A full store refuses more and forgets none of them. Default 100000. */
  readonly maximumEntries?: number;
  readonly clock?: Clock;
}

const identifiers = ['tokenId', 'subject', 'sessionId', 'clientId'] as const;

interface Entry {
  /** Units: seconds since the epoch. */
  readonly issuedBefore: number;
  readonly keptUntil: number;
}

/**
 * Revocations in the memory of this process: for one instance, for development and for tests.
 *
 * Throws: `SetupError`.
 */
export function inMemoryRevocations(options: InMemoryRevocationsOptions = {}): WritableRevocationStore {
  knownOptionsOnly(options, ['maximumEntries', 'clock'] satisfies (keyof InMemoryRevocationsOptions)[]);
  const { clock = systemClock } = options;
  const maximumEntries = countFrom(options.maximumEntries);
  const entries = new Map<string, Entry>();
  const listeners = new Set<(revocation: Revocation) => void>();
  let earliestEnd = Infinity;

  const nowSeconds = () => clock.nowMs() / 1000;

  function forgetExpired(): void {
    // A store full of live entries is looked through once, not by everyone whom it refuses.
    if (nowSeconds() < earliestEnd) return;
    earliestEnd = Infinity;
    for (const [key, { keptUntil }] of entries) {
      if (keptUntil <= nowSeconds()) entries.delete(key);
      else earliestEnd = Math.min(earliestEnd, keptUntil);
    }
  }

  function liveEntry(key: string): Entry | undefined {
    const entry = entries.get(key);
    return entry === undefined || entry.keptUntil <= nowSeconds() ? undefined : entry;
  }

  function revoke(revocation: Revocation): void {
    const key = keyOf(revocation);
    const { issuedBefore = Infinity, expiresAt = Infinity } = revocation;
    if (![issuedBefore, expiresAt].every(isTime)) throw new RangeError('a time is not a number');
    if (entries.size >= maximumEntries) forgetExpired();
    if (!entries.has(key) && entries.size >= maximumEntries) throw new Error('the revocation store is full');
    const known = liveEntry(key);
    const entry: Entry = {
      issuedBefore: Math.max(issuedBefore, known?.issuedBefore ?? -Infinity),
      keptUntil: Math.max(expiresAt + revocationGraceSeconds, known?.keptUntil ?? -Infinity),
    };
    entries.set(key, entry);
    earliestEnd = Math.min(earliestEnd, entry.keptUntil);
    for (const listener of listeners) tell(listener, revocation);
  }

  function isRevoked(token: RevocationQuery): boolean {
    const keys = [
      wholeIssuer(token.issuer),
      ...identifiers.flatMap((kind) => {
        const value = token[kind];
        return value === undefined ? [] : [keyFor(token.issuer, kind, value)];
      }),
    ];
    return keys.some((key) => {
      const entry = liveEntry(key);
      if (entry === undefined) return false;
      return token.issuedAt === undefined || !(token.issuedAt >= entry.issuedBefore);
    });
  }

  return {
    isRevoked: (token) => Promise.resolve().then(() => isRevoked(token)),
    revoke: (revocation) =>
      Promise.resolve().then(() => {
        revoke(revocation);
      }),
    subscribe(listener) {
      // A listener of its own each time: two subscriptions of one function end one by one.
      const own = (revocation: Revocation) => {
        listener(revocation);
      };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
  };
}

function isTime(time: unknown): boolean {
  return typeof time === 'number' && !Number.isNaN(time);
}

/** Under what a revocation is found again. JSON keeps the parts apart, however they are spelt. */
function keyOf(revocation: Revocation): string {
  const { issuer, issuedBefore } = revocation;
  if (typeof issuer !== 'string' || issuer === '') throw new RangeError('a revocation names its issuer');
  const named = identifiers.filter((kind) => revocation[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined && issuedBefore !== undefined) return wholeIssuer(issuer);
  const value = kind === undefined ? undefined : revocation[kind];
  if (named.length !== 1 || kind === undefined || typeof value !== 'string' || value === '') {
    throw new RangeError('a revocation has exactly one of tokenId, subject, sessionId and clientId');
  }
  return keyFor(issuer, kind, value);
}

function keyFor(issuer: string, kind: (typeof identifiers)[number], value: string): string {
  return JSON.stringify([issuer, kind, value]);
}

function wholeIssuer(issuer: string): string {
  return JSON.stringify([issuer]);
}

/** Whatever a listener does, the revocation stands. */
function tell(listener: (revocation: Revocation) => void, revocation: Revocation): void {
  try {
    listener(revocation);
  } catch {
    // The listener's own failure is no reason to tell the others nothing.
  }
}

function countFrom(count = 100_000): number {
  if (Number.isInteger(count) && count >= 1) return count;
  throw new SetupError({
    option: 'maximumEntries',
    problem: 'it is not a positive integer',
    remedy: 'Give the number of live revocations to hold, or leave the option out.',
  });
}
