import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** What a process did until it ended, or until now. */
export interface ProcessOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** A built example, running. */
export interface RunningExample {
  readonly output: () => ProcessOutput;
  readonly stop: () => Promise<void>;
}

/** How an example is started. */
export interface ExampleStart {
  /** The folder under `examples`. */
  readonly example: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '../../..');

/** Starts a built example, and waits until it says that it listens. */
export async function startExample(start: ExampleStart): Promise<RunningExample> {
  const child = launch(start);
  const output = collectOutput(child);
  const ended = once(child, 'close').then(() => {
    throw new Error(`${start.example} ended before it listened:\n${output().stderr}`);
  });
  await Promise.race([says(child, output, 'listening on'), ended]);
  return { output, stop: () => stop(child) };
}

/** Runs a built example that is expected to end by itself. */
export async function runExample(
  start: ExampleStart,
): Promise<ProcessOutput & { readonly exitCode: number | null }> {
  const child = launch(start);
  const output = collectOutput(child);
  await once(child, 'close');
  return { ...output(), exitCode: child.exitCode };
}

/** Ends a process, unless it has ended. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** A loopback port that is free, below those that the system gives to whoever asks for any. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    } catch {
      continue; // it is taken: try another
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

function launch({ example, args = [], env = {} }: ExampleStart): ChildProcess {
  const entry = join(root, 'examples', example, 'dist', 'main.js');
  if (!existsSync(entry)) throw new Error(`${example} is not built. Run "npm run build" first.`);
  // Nothing of this test run's own settings: the example is started as a user would start it.
  const { PATH = '' } = process.env;
  return spawn(process.execPath, [entry, ...args], {
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collectOutput(child: ChildProcess): () => ProcessOutput {
  const collected = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => (collected[stream] += text));
  }
  return () => ({ ...collected });
}

function says(child: ChildProcess, output: () => ProcessOutput, text: string): Promise<void> {
  return new Promise((resolve) => {
    child.stdout?.on('data', () => {
      if (output().stdout.includes(text)) resolve();
    });
  });
}
