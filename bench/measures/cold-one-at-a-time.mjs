/** A different token each time, the next one when the last is done: what one request waits for. */
import { bareVerify } from '../support/baseline.mjs';

export const title = 'cold, one at a time';
export const budget = 0.85;
/** Short, so that most batches are over before anything else wants the processor. */
export const batchSize = 10;

export function runnersFor(signer, contenders) {
  const bare = bareVerify(signer);
  return [
    {
      name: 'node:crypto',
      run(batch) {
        for (const sample of batch) bare(sample);
      },
    },
    ...contenders.map(({ name, verify }) => ({
      name,
      async run(batch) {
        for (const { token } of batch) await verify(token);
      },
    })),
  ];
}
