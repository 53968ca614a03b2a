import type { AuditRecord, AuditSink } from './audit-record.js';

/** What became of records. */
export interface AuditStatistics {
  /** Handed to the sink, which has not failed. */
  readonly recorded: number;
  /** Lost: the sink failed, or too many were waiting for it. */
  readonly dropped: number;
  /** The sink has not answered yet. */
  readonly waiting: number;
}

/** Hands records to a sink. */
export interface AuditDelivery {
  readonly deliver: (record: AuditRecord) => void;
  readonly statistics: () => AuditStatistics;
}

/** How many records may wait for a sink that does not answer. */
export const maximumWaiting = 1000;

/**
 * Hands records to a sink, without waiting for it: what it throws, and that it hangs, is counted and changes no
 * decision.
 */
export function deliverTo(sink: AuditSink): AuditDelivery {
  let recorded = 0;
  let dropped = 0;
  let waiting = 0;

  async function settle(outcome: Promise<void>): Promise<void> {
    waiting += 1;
    try {
      await outcome;
      recorded += 1;
    } catch {
      dropped += 1;
    }
    waiting -= 1;
  }

  return {
    deliver(record) {
      if (waiting >= maximumWaiting) {
        dropped += 1;
        return;
      }
      try {
        const outcome: unknown = sink.record(record);
        if (outcome instanceof Promise) void settle(outcome as Promise<void>);
        else recorded += 1;
      } catch {
        dropped += 1;
      }
    },
    statistics: () => ({ recorded, dropped, waiting }),
  };
}
