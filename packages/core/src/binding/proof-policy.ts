import type { Algorithm } from '../algorithms.js';
import type { Clock } from '../clock.js';
import type { ProofKeys } from './proof-keys.js';

/** How DPoP proofs are judged, whatever they are for. */
export interface ProofPolicy {
  /** The algorithms with which proofs may be made. */
  readonly algorithms: ReadonlySet<Algorithm>;
  /** The keys that proofs bring. */
  readonly keys: ProofKeys;
  /** How long a proof is accepted. Units: seconds after `iat`. */
  readonly proofLifetimeSeconds: number;
  readonly leewaySeconds: number;
  readonly clock: Clock;
}
