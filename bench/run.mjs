/**
 * `npm run bench`: how fast tokens are verified, beside the bare signature check, in one run.
 *
 * `--tokens N` for each algorithm (default 6000); `--alg RS256` for one algorithm alone. Asserts no time: machines
 * differ.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import * as cold32AtOnce from './measures/cold-32-at-once.mjs';
import * as coldOneAtATime from './measures/cold-one-at-a-time.mjs';
import { createContenders } from './support/contenders.mjs';
import { compare } from './support/rounds.mjs';
import { createSample, createSigner } from './support/samples.mjs';
import { tableOf } from './support/table.mjs';

const measures = [coldOneAtATime, cold32AtOnce];

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '6000' },
    alg: { type: 'string', multiple: true, default: ['RS256', 'ES256'] },
  },
});
const tokens = Number(values.tokens);
// Until then, Node has not compiled the code as it will stay.
const warmUps = 5;

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`);
console.log(`${tokens} tokens for each algorithm; ratio: throughput as a part of node:crypto's\n`);

const rows = [];
for (const alg of values.alg) {
  const signer = createSigner(alg);
  const samples = Array.from({ length: tokens }, () => createSample(signer));
  for (const { title, budget, batchSize, runnersFor } of measures) {
    let results = [];
    for (let turn = 0; turn <= warmUps; turn++) {
      // Contenders are made anew, so that none has seen a token before.
      const runners = runnersFor(signer, await createContenders(signer));
      results = await compare({ runners, samples, batchSize });
    }
    rows.push(...results.map((result) => ({ title, alg, budget, ...result })));
  }
}
console.log(tableOf(rows));
