import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import type { SigningKey } from '../signing/jwt-signer.js';
import {
  checkedDescription,
  resourceDescriptionNames,
  type ResourceDescription,
} from './resource-description.js';

/** How metadata is published: one document for each audience. */
export interface ResourceMetadataOptions extends ResourceDescription {
  /** How long the documents may be kept by whoever fetches them. Units: seconds, 0 to a week. Default 3600. */
  readonly cacheSeconds?: number;
  /** Signs each document beside its plain members. Default: not signed. */
  readonly sign?: MetadataSigningOptions;
  /** What is said of one audience alone, by its identifier; `false` publishes nothing for it. */
  readonly resources?: Readonly<Record<string, ResourceDescription | false>>;
}

/** How metadata is signed (RFC 9728 section 2.2). */
export interface MetadataSigningOptions {
  /** The first signs. All are published, so that one can follow another while documents are still kept somewhere. */
  readonly keys: readonly SigningKey[];
  /**
   * How long a signature is valid; it is made anew at half of that. Units: seconds, at least twice `cacheSeconds`.
   * Default: a day.
   */
  readonly lifetimeSeconds?: number;
}

/** The metadata options, complete. */
export interface MetadataSettings {
  /** Each audience that is published, with what is said of it. */
  readonly described: ReadonlyMap<string, ResourceDescription>;
  readonly cacheSeconds: number;
  readonly sign: Required<MetadataSigningOptions> | undefined;
}

const week = 7 * 86_400;
const year = 365 * 86_400;

/**
 * What is published of some audiences.
 *
 * Throws: `SetupError`.
 */
export function metadataSettingsFrom(
  options: ResourceMetadataOptions,
  {
    audiences,
    allowInsecureLoopback,
  }: { readonly audiences: readonly string[]; readonly allowInsecureLoopback: boolean },
): MetadataSettings {
  knownOptionsOnly(options, [...resourceDescriptionNames, 'cacheSeconds', 'sign', 'resources'], 'metadata');
  const { cacheSeconds: givenSeconds = 3600, sign, resources = {}, ...shared } = options;
  const cacheSeconds = secondsFrom(givenSeconds, [0, week], 'metadata.cacheSeconds');
  knownOptionsOnly(resources, audiences, 'metadata.resources');
  checkedDescription(shared, { where: 'metadata', allowInsecureLoopback });
  const described = audiences.flatMap((audience): readonly (readonly [string, ResourceDescription])[] => {
    const own = Object.hasOwn(resources, audience) ? resources[audience] : {};
    if (own === false) return [];
    const where = `metadata.resources[${JSON.stringify(audience)}]`;
    knownOptionsOnly(own, resourceDescriptionNames, where);
    return [[audience, { ...shared, ...checkedDescription(own ?? {}, { where, allowInsecureLoopback }) }]];
  });
  if (described.length === 0) throw nothingPublished();
  return {
    described: new Map(described),
    cacheSeconds,
    sign: sign === undefined ? undefined : signingFrom(sign, cacheSeconds),
  };
}

function signingFrom(sign: MetadataSigningOptions, cacheSeconds: number): Required<MetadataSigningOptions> {
  knownOptionsOnly(sign, ['keys', 'lifetimeSeconds'], 'metadata.sign');
  // Whoever keeps a document for as long as allowed must not be left with a signature that has expired.
  const least = Math.max(60, 2 * cacheSeconds);
  const { keys, lifetimeSeconds = Math.max(86_400, least) } = sign;
  return {
    keys,
    lifetimeSeconds: secondsFrom(lifetimeSeconds, [least, year], 'metadata.sign.lifetimeSeconds'),
  };
}

function secondsFrom(seconds: unknown, [least, most]: readonly [number, number], option: string): number {
  if (Number.isInteger(seconds) && Number(seconds) >= least && Number(seconds) <= most)
    return Number(seconds);
  throw new SetupError({
    option,
    problem: `it is not a whole number from ${String(least)} to ${String(most)}`,
    remedy: 'Give a number of seconds in that range, or leave the option out.',
  });
}

function nothingPublished(): SetupError {
  return new SetupError({
    option: 'metadata.resources',
    problem: 'every audience is left out',
    remedy: 'Leave one in, or drop the option metadata.',
  });
}
