/** What a route demands of how and when the user was authenticated. */
export interface StepUpDemand {
  /** The authentication contexts that will do, the preferred one first. Default: any. */
  readonly acrValues?: readonly string[];
  /** How long ago the user may have been authenticated. Units: seconds. Default: any time. */
  readonly maxAgeSeconds?: number;
}

/**
 * What satisfies each of several demands, with the preferences of the first; `undefined` where there is none.
 *
 * Demands that no authentication context satisfies together leave an empty list.
 */
export function combinedStepUp(demands: readonly StepUpDemand[]): StepUpDemand | undefined {
  if (demands.length === 0) return undefined;
  const lists = demands.flatMap(({ acrValues }) => (acrValues === undefined ? [] : [acrValues]));
  const ages = demands.flatMap(({ maxAgeSeconds }) => (maxAgeSeconds === undefined ? [] : [maxAgeSeconds]));
  const [preferred, ...others] = lists;
  return {
    ...(preferred === undefined
      ? {}
      : { acrValues: preferred.filter((acr) => others.every((list) => list.includes(acr))) }),
    ...(ages.length === 0 ? {} : { maxAgeSeconds: Math.min(...ages) }),
  };
}
