import type { CompatibilityName } from '../compatibility/presets.js';
import type { ClaimReading } from '../profiles/claim-reading.js';
import type { TokenAlgorithm } from '../mac-algorithms.js';
import type { Profile } from '../profiles/profile.js';
import { SetupError } from '../setup-error.js';
import type { KeysOption } from './key-option.js';
import { knownOptionsOnly } from './options.js';
import type { SharedSecretOption } from './shared-secret.js';
import type { StatusListOptions } from './status-list.js';

/** What is particular to the tokens of one issuer. */
export interface PerIssuerOptions {
  /** The identifiers of this resource server; a token has to name one of them. */
  readonly audience?: string | readonly string[];
  /**
   * Default: every asymmetric algorithm that is supported. A key that names no `alg` serves one algorithm only: the
   * first of this list that fits it; by default an RSA key serves RS256. The MACs HS256, HS384 and HS512 go with
   * `sharedSecret` alone.
   */
  readonly algorithms?: readonly TokenAlgorithm[];
  /** Default: discovered (RFC 8414, then OpenID Connect Discovery). */
  readonly keys?: KeysOption;
  /**
   * The secret by which this issuer's tokens are verified, instead of `keys`, with the MACs that `algorithms` names: at
   * least as many random bytes as the hash has. Whoever knows it can make tokens. Default: none.
   *
   * Spec: RFC 7518 section 3.2.
   */
  readonly sharedSecret?: SharedSecretOption;
  /**
   * Whether a subject of this issuer is accepted, by the word `true` alone. Identity is `iss` and `sub` together. What
   * it throws is our own failure, and no token's. Default: every subject is.
   *
   * Error: `token.subject-refused`.
   * Spec: RFC 8725 section 3.8.
   */
  readonly acceptsSubject?: (subject: string, issuer: string) => boolean;
  /**
   * Reads both the OAuth and the OpenID Connect metadata of the issuer, and accepts no token while both exist and
   * name different issuers or key sets. Default false: the first of the two that is there is read.
   *
   * Spec: RFC 9068 section 4.
   */
  readonly requireConsistentMetadata?: boolean;
  /**
   * Where the issuer lists the statuses of its tokens, so that a token can be withdrawn before it expires. Default: tokens
   * are not looked up, and their claim `status` says nothing here.
   *
   * Spec: draft-ietf-oauth-status-list.
   */
  readonly statusList?: StatusListOptions;
  /** A stricter profile, made with `defineProfile`. Default: that of RFC 9068. */
  readonly profile?: Profile<'access-token'>;
  /** For an issuer that does not follow RFC 9068. Default: no rule is relaxed. */
  readonly compatibility?: CompatibilityName | CompatibilityOptions;
  /** Tells a client that acts for itself from a user. Default: by `sub`, `client_id` and the traces of a login. */
  readonly subjectKind?: ClaimReading['subjectKind'];
}

/** A relaxation with an end. */
export interface CompatibilityOptions {
  readonly preset: CompatibilityName;
  /** The instant from which on the issuer is held to RFC 9068, as a date that `Date.parse` reads. */
  readonly until: string;
}

/** One trusted issuer, and what is particular to its tokens. What is left out is taken from beside the list. */
export interface IssuerOptions extends PerIssuerOptions {
  /** The issuer identifier, exactly as in `iss` and in the issuer's metadata. */
  readonly issuer: string;
}

export const perIssuerOptionNames = [
  'audience',
  'algorithms',
  'keys',
  'sharedSecret',
  'acceptsSubject',
  'requireConsistentMetadata',
  'statusList',
  'profile',
  'compatibility',
  'subjectKind',
] as const satisfies (keyof PerIssuerOptions)[];

/** What says something of one issuer alone, and so cannot stand beside a list of them. */
const notShared = ['keys', 'sharedSecret', 'statusList', 'profile', 'compatibility', 'subjectKind'] as const;

/** One issuer, and the prefix that its options have in messages. */
export interface IssuerEntry {
  readonly where: string;
  readonly entry: IssuerOptions;
}

/**
 * One entry for each issuer that some options name.
 *
 * Throws: `SetupError`.
 */
export function issuerEntries(
  options: PerIssuerOptions & { readonly issuer: string | readonly IssuerOptions[] },
): readonly IssuerEntry[] {
  const { issuer } = options;
  const beside = besideTheList(options);
  if (!Array.isArray(issuer)) return [{ where: '', entry: { ...beside, issuer: issuer as string } }];
  if (issuer.length === 0) {
    throw new SetupError({
      option: 'issuer',
      problem: 'the list is empty',
      remedy: 'Name at least one issuer.',
    });
  }
  refuseWhatIsNotShared(beside);
  return (issuer as readonly IssuerOptions[]).map((entry, index) => {
    const where = `issuer[${String(index)}]`;
    knownOptionsOnly(entry, ['issuer', ...perIssuerOptionNames], where);
    return { where: `${where}.`, entry: { ...beside, ...entry } };
  });
}

/** What is said of every issuer, unless its own entry says otherwise. */
function besideTheList(options: PerIssuerOptions): PerIssuerOptions {
  return Object.fromEntries(
    perIssuerOptionNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}

/**
 * What makes the entry of an issuer that a resolver names complete.
 *
 * Throws: `SetupError`.
 */
export function resolvedEntry(options: PerIssuerOptions): (entry: IssuerOptions) => IssuerEntry {
  const beside = besideTheList(options);
  refuseWhatIsNotShared(beside);
  return (entry) => {
    knownOptionsOnly(entry, ['issuer', ...perIssuerOptionNames], 'issuer.resolve()');
    return { where: 'issuer.resolve().', entry: { ...beside, ...entry } };
  };
}

function refuseWhatIsNotShared(beside: PerIssuerOptions): void {
  const misplaced = notShared.find((name) => beside[name] !== undefined);
  if (misplaced === undefined) return;
  throw new SetupError({
    option: misplaced,
    problem: `${misplaced} stands beside a list of issuers, so that it is not said which of them it is about`,
    remedy: `Move ${misplaced} into the entry of its issuer.`,
  });
}
