import { randomUUID } from 'node:crypto';
import type { AuditSink } from '../audit/audit-record.js';
import { auditIdentities, type AuditIdentities } from '../audit/identities.js';
import { deliverTo, type AuditDelivery } from '../audit/deliver-records.js';
import type { RequestView } from '../request-view.js';
import { SetupError } from '../setup-error.js';
import { functionIfAny, knownOptionsOnly } from './options.js';

/** How decisions are recorded. */
export interface AuditOptions {
  readonly sink: AuditSink;
  /**
   * Keys the fingerprints of tokens, and pseudonyms: at least 32 random bytes, or the same as base64url. Default:
   * fingerprints are plain digests.
   */
  readonly key?: Uint8Array | string;
  /** `pseudonym`: subjects and actors are named by a keyed digest. Needs `key`. Default `plain`. */
  readonly subject?: 'plain' | 'pseudonym';
  /** What identifies a request in records and elsewhere in your logs. Default: a new UUID for each decision. */
  readonly requestId?: (request: RequestView) => string;
}

/** Everything that is settled about records. */
export interface Audit extends AuditDelivery {
  readonly identities: AuditIdentities;
  readonly requestIdOf: (request: RequestView | undefined) => string;
}

/**
 * How decisions are recorded; `undefined` where they are not.
 *
 * Throws: `SetupError`.
 */
export function auditFrom(given: AuditOptions | AuditSink | undefined): Audit | undefined {
  if (given === undefined) return undefined;
  const options: AuditOptions = 'record' in given ? { sink: given } : given;
  knownOptionsOnly(options, ['sink', 'key', 'subject', 'requestId'], 'audit');
  if (typeof (options.sink as Partial<AuditSink> | undefined)?.record !== 'function') {
    throw refused(
      'audit.sink',
      'it has no function record',
      'Give jsonLinesSink(stream), pinoSink(logger), or { record }.',
    );
  }
  const { subject = 'plain' } = options;
  const key = keyFrom(options.key);
  if (!['plain', 'pseudonym'].includes(subject)) {
    throw refused('audit.subject', 'there is no such value', "Use 'plain' or 'pseudonym'.");
  }
  if (subject === 'pseudonym' && key === undefined) {
    throw refused(
      'audit.key',
      'pseudonyms need a key, or anybody could try out names',
      'Give randomBytes(32), kept for as long as records.',
    );
  }
  const requestId = functionIfAny(options.requestId, 'audit.requestId');
  return {
    ...deliverTo(options.sink),
    identities: auditIdentities(key, { pseudonyms: subject === 'pseudonym' }),
    requestIdOf: (request) => requestIdBy(requestId, request),
  };
}

/** The application's own identifier, where it gives one. What it throws changes no decision. */
function requestIdBy(requestId: AuditOptions['requestId'], request: RequestView | undefined): string {
  try {
    const given: unknown = request && requestId?.(request);
    return typeof given === 'string' && given !== '' ? given : randomUUID();
  } catch {
    return randomUUID();
  }
}

function keyFrom(key: unknown): Uint8Array | undefined {
  if (key === undefined) return undefined;
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64url') : key;
  if (bytes instanceof Uint8Array && bytes.length >= 32) return bytes;
  throw refused(
    'audit.key',
    'it is shorter than 32 bytes',
    'Give randomBytes(32), or the same as base64url.',
  );
}

function refused(option: string, problem: string, remedy: string): SetupError {
  return new SetupError({ option, problem, remedy });
}
