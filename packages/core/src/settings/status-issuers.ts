import type { Algorithm } from '../algorithms.js';
import { SetupError } from '../setup-error.js';
import type { StatusIssuer } from '../standing/status-issuer.js';
import { algorithmsFrom } from './algorithm-list.js';
import { audiencesFrom, issuerFrom } from './identifiers.js';
import { keySourceFrom, type KeysOption, type RemoteKeySettings } from './key-option.js';
import { knownOptionsOnly } from './options.js';
import { statusUrisFrom } from './status-list.js';

/** One issuer of tokens, and where and by whom the lists of their statuses are made. */
export interface StatusIssuerOptions {
  /** The identifier of the issuer of the tokens. */
  readonly issuer: string;
  /** Where its lists are: each a URI, or, with a slash at its end, everything beneath it. */
  readonly uris: readonly string[];
  /** By what its lists are signed. Default: discovered from the issuer. */
  readonly keys?: KeysOption;
  /** Default: every asymmetric algorithm that is supported. */
  readonly algorithms?: readonly Algorithm[];
  /** Who this receiver is to lists that name an audience. Default: such lists are refused. */
  readonly audience?: string | readonly string[];
}

/** Whose lists are accepted at which URIs. */
export type ListSigner = Pick<StatusIssuer, 'signer' | 'names'>;

const optionNames = [
  'issuer',
  'uris',
  'keys',
  'algorithms',
  'audience',
] as const satisfies (keyof StatusIssuerOptions)[];

/** What the signers of some options share. */
export interface SharedSettings {
  /** Units: seconds. */
  readonly leewaySeconds: number;
  readonly remote: RemoteKeySettings;
}

/**
 * The signers of status lists that some options trust, by the issuer of the tokens.
 *
 * Throws: `SetupError` for what is missing, weak or contradictory.
 */
export function listSignersFrom(entries: unknown, shared: SharedSettings): ReadonlyMap<string, ListSigner> {
  if (!Array.isArray(entries) || entries.length === 0) {
    throw new SetupError({
      option: 'statusIssuers',
      problem: 'no issuer of status lists is trusted',
      remedy: 'Name at least one, with the URIs of its lists.',
    });
  }
  const signers = new Map<string, ListSigner>();
  entries.forEach((entry: StatusIssuerOptions, index) => {
    const where = `statusIssuers[${String(index)}]`;
    const made = listSignerFrom(entry, where, shared);
    const { identifier } = made.signer;
    if (signers.has(identifier)) {
      throw new SetupError({
        option: `${where}.issuer`,
        problem: `${identifier} stands twice`,
        remedy: 'Merge the two entries.',
      });
    }
    signers.set(identifier, made);
  });
  return signers;
}

function listSignerFrom(
  entry: StatusIssuerOptions,
  where: string,
  { leewaySeconds, remote }: SharedSettings,
): ListSigner {
  knownOptionsOnly(entry, optionNames, where);
  const identifier = issuerFrom(entry.issuer, `${where}.issuer`, remote.allowInsecureLoopback);
  const algorithms = algorithmsFrom(entry.algorithms, `${where}.algorithms`);
  const owner = { issuer: identifier, option: `${where}.keys`, algorithms };
  const { audience } = entry;
  return {
    signer: {
      identifier,
      algorithms,
      keySource: keySourceFrom(entry.keys, owner, remote),
      expectations: {
        audiences: audience === undefined ? [] : audiencesFrom(audience, `${where}.audience`),
        leewaySeconds,
      },
      hasCompatibility: true,
    },
    names: statusUrisFrom(entry.uris, `${where}.uris`, remote.allowInsecureLoopback),
  };
}
