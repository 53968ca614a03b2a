/**
 * Times runners against each other in one run.
 *
 * In every round each runner gets the same batch of tokens that it has not seen before, in turn, and the turn rotates:
 * what slows the machine down slows all of them down. A runner is compared with the first one (the baseline) round by
 * round, so that a disturbance spoils some rounds and not the median.
 */

/**
 * @param {object} options
 * @param {readonly { name: string, run: (batch: readonly unknown[]) => unknown }[]} options.runners the baseline first
 * @param {readonly unknown[]} options.samples each given to every runner once
 * @param {number} options.batchSize
 * @returns {Promise<{ name: string, microseconds: number, ratio: { lower: number, median: number, upper: number } }[]>}
 * per runner the median time of one sample, and its throughput as a part of the baseline's: median and quartiles
 */
export async function compare({ runners, samples, batchSize }) {
  const rounds = Math.floor(samples.length / batchSize);
  const times = runners.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const batch = samples.slice(round * batchSize, (round + 1) * batchSize);
    for (let turn = 0; turn < runners.length; turn++) {
      const index = (turn + round) % runners.length;
      const started = performance.now();
      await runners[index].run(batch);
      const microseconds = ((performance.now() - started) * 1000) / batchSize;
      times[index].push(microseconds);
    }
  }
  return runners.map(({ name }, index) => {
    const ratios = times[index].map((time, round) => times[0][round] / time);
    return {
      name,
      microseconds: quantile(times[index], 0.5),
      ratio: { lower: quantile(ratios, 0.25), median: quantile(ratios, 0.5), upper: quantile(ratios, 0.75) },
    };
  });
}

function quantile(values, part) {
  const sorted = [...values].sort((left, right) => left - right);
  const place = (sorted.length - 1) * part;
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}
