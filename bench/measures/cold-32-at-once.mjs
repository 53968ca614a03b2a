/** A different token each time, 32 of them under way at any moment: what a busy server gets through. */
import { bareVerifyInPool } from '../support/baseline.mjs';

export const title = 'cold, 32 at once';
export const budget = 0.85;
export const batchSize = 160;

const lanes = 32;

export function runnersFor(signer, contenders) {
  const bare = bareVerifyInPool(signer);
  return [
    { name: 'node:crypto, thread pool', run: (batch) => inLanes(batch, bare) },
    ...contenders.map(({ name, verify }) => ({
      name,
      run: (batch) => inLanes(batch, ({ token }) => verify(token)),
    })),
  ];
}

async function inLanes(batch, verify) {
  let next = 0;
  const lane = async () => {
    while (next < batch.length) await verify(batch[next++]);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
