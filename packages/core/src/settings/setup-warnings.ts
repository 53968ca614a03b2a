/** What of the options of a resource server somebody should know who starts it. */
export interface NotableSettings {
  /** Units: seconds. */
  readonly leewaySeconds: number;
  /** Whether it is known by which address clients reach this server. */
  readonly isAddressKnown: boolean;
  /** Whether challenges offer DPoP, so that proofs are to be expected. */
  readonly offersDpop: boolean;
  /** Whether the application said where used proofs are remembered. */
  readonly hasStores: boolean;
}

/** The most that clocks are off where somebody looks after them. Units: seconds. */
const ordinaryLeewaySeconds = 60;

/** What is no mistake, and weaker or narrower than it may seem: each names its option. For start-up reports. */
export function setupWarnings({
  leewaySeconds,
  isAddressKnown,
  offersDpop,
  hasStores,
}: NotableSettings): readonly string[] {
  const warnings: string[] = [];
  if (leewaySeconds > ordinaryLeewaySeconds) {
    warnings.push(
      `leewaySeconds: tokens count for ${String(leewaySeconds)} seconds after they have expired.`,
    );
  }
  if (!isAddressKnown) {
    warnings.push(
      'publicUrl: it is not known by which address clients reach this server, so that tokens that are bound to a DPoP ' +
        'key are refused. Give publicUrl, or trustedProxies that say it.',
    );
  } else if (offersDpop && !hasStores) {
    warnings.push(
      'stores: DPoP proofs are remembered in this process alone, so that each of several instances would accept a proof ' +
        'once. Give stores that they share.',
    );
  }
  return warnings;
}
