import type { AuditRecord, AuditSink } from './audit-record.js';

/** The part of a pino logger that is used. Loggers of the same shape do as well. */
export interface PinoLike {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

/** Logs each record under `audit`: what was accepted or done as info, refusals as warnings, our own failures as errors. */
export function pinoSink(logger: PinoLike): AuditSink {
  return {
    record(record) {
      logger[levelOf(record)]({ audit: record }, messageOf(record));
    },
  };
}

function levelOf(record: AuditRecord): keyof PinoLike {
  if (record.event === 'action') return 'info';
  return ({ accepted: 'info', anonymous: 'info', refused: 'warn', undetermined: 'error' } as const)[
    record.decision
  ];
}

function messageOf(record: AuditRecord): string {
  if (record.event === 'action') return `${record.action}: ${record.outcome}`;
  return record.code === undefined ? record.decision : `${record.decision}: ${record.code}`;
}
