import { createHmac } from 'node:crypto';
import { harmlessText } from './harmless-text.js';

/** How records name tokens and people. */
export interface AuditIdentities {
  /** Identifies a token. With a key, nobody without it can tell whether a token that they know is meant. */
  readonly fingerprint: (fingerprint: string) => string;
  /** Names a subject of an issuer, or an actor. */
  readonly subject: (issuer: string, subject: string) => string;
}

/**
 * The names that records use: plain, or keyed with HMAC-SHA-256, cut to 128 bits.
 *
 * A subject is keyed together with its issuer, because identity is both.
 */
export function auditIdentities(
  key: Uint8Array | undefined,
  { pseudonyms }: { pseudonyms: boolean },
): AuditIdentities {
  const keyed = (purpose: string, ...parts: readonly string[]) =>
    createHmac('sha256', key ?? '')
      .update(JSON.stringify([purpose, ...parts]))
      .digest()
      .toString('base64url', 0, 16);
  return {
    fingerprint: (fingerprint) => (key === undefined ? fingerprint : keyed('token', fingerprint)),
    subject: (issuer, subject) => (pseudonyms ? keyed('subject', issuer, subject) : harmlessText(subject)),
  };
}
