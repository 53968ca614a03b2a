import { inspect } from 'node:util';

/** Everything that a process says while it is being recorded. */
export interface RecordedOutput {
  readonly text: () => string;
  readonly stop: () => void;
}

const methods = ['debug', 'error', 'info', 'log', 'trace', 'warn', 'dir'] as const;

/** Records standard output, standard error, the console and process warnings, and lets all of it through. */
export function recordOutput(): RecordedOutput {
  const said: string[] = [];
  const note = (values: readonly unknown[]) => {
    said.push(...values.map((value) => (typeof value === 'string' ? value : inspect(value, { depth: 10 }))));
  };
  const onWarning = (warning: Error) => {
    note([warning]);
  };
  process.on('warning', onWarning);
  const undo = [
    ...[process.stdout, process.stderr].map((stream) => replaced(stream, 'write', note)),
    ...methods.map((method) => replaced(console, method, note)),
  ];
  return {
    text: () => said.join('\n'),
    stop() {
      process.off('warning', onWarning);
      for (const restore of undo) restore();
    },
  };
}

/** Puts a method that notes its arguments before the one of an object, and returns what takes it away. */
function replaced<Name extends string>(
  object: Record<Name, unknown>,
  name: Name,
  note: (values: readonly unknown[]) => void,
): () => void {
  const original = object[name] as (...values: unknown[]) => unknown;
  object[name] = (...values: unknown[]) => {
    note(values);
    return original.apply(object, values);
  };
  return () => {
    object[name] = original;
  };
}
