import type { Writable } from 'node:stream';
import type { AuditSink } from './audit-record.js';

/** How many bytes may wait in front of a stream that does not take them. */
const maximumWaitingBytes = 8 * 1024 * 1024;

/**
 * Writes each record as one line of JSON (JSON Lines) to a stream: a file, a pipe, `process.stdout`.
 *
 * A stream that takes nothing does not fill the memory: records are refused, and counted as dropped.
 */
export function jsonLinesSink(stream: Writable): AuditSink {
  let failure: Error | undefined;
  // Without a listener, a full disk would end the process.
  stream.on('error', (error) => (failure = error));
  return {
    record(record) {
      if (failure !== undefined) throw failure;
      if (!stream.writable || stream.writableLength > maximumWaitingBytes)
        throw new Error('the stream takes no more');
      stream.write(`${JSON.stringify(record)}\n`);
    },
  };
}
