import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** Judges records by the published schema of docs/. */
export function auditRecordValidator(): ValidateFunction {
  const text = readFileSync(new URL('../../../docs/audit-record.schema.json', import.meta.url), 'utf8');
  return new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(
    JSON.parse(text) as object,
  );
}
