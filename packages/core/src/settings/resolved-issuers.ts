import { isDeepStrictEqual } from 'node:util';
import { AssayError } from '../assay-error.js';
import { SetupError } from '../setup-error.js';
import type { TrustedIssuer, TrustedIssuers } from '../trusted-issuer.js';
import type { IssuerOptions } from './issuer-options.js';

/**
 * Names trusted issuers when tokens come that claim to be theirs: for tenants that are too many, or too changing, to
 * stand in the configuration.
 */
export interface IssuerResolver {
  /**
   * The options of a trusted issuer, or nothing for one that is not trusted. Asked at every request, with an `iss` that
   * nobody has verified: it has to answer from what the application knows, quickly, and never by way of a request to a
   * place that the identifier names. Functions among the options have to be the same ones each time: with other options
   * the issuer is made anew, and its keys are fetched again.
   */
  readonly resolve: (identifier: string) => IssuerOptions | undefined | Promise<IssuerOptions | undefined>;
  /** Of how many issuers keys are kept; the one that was used longest ago goes first. Default 1000. */
  readonly maximumIssuers?: number;
}

/** Longer identifiers are nobody's. Units: characters. */
const maximumIdentifierLength = 2048;

/**
 * The issuers that a resolver trusts. Their keys are kept between requests, until the resolver says something else of
 * them.
 *
 * Error: `service.issuers-unavailable` when the resolver fails, or answers with another issuer's options.
 * Throws: `SetupError`.
 */
export function resolvedIssuers(
  { resolve, maximumIssuers = 1000 }: IssuerResolver,
  make: (options: IssuerOptions) => TrustedIssuer,
): TrustedIssuers {
  if (!Number.isInteger(maximumIssuers) || maximumIssuers < 1) {
    throw new SetupError({
      option: 'issuer.maximumIssuers',
      problem: 'it is not a positive integer',
      remedy: 'Give the number of issuers whose keys are kept, or leave it at 1000.',
    });
  }
  const kept = new Map<string, { readonly options: IssuerOptions; readonly issuer: TrustedIssuer }>();

  function issuerWith(identifier: string, options: IssuerOptions): TrustedIssuer {
    const known = kept.get(identifier);
    const issuer =
      known !== undefined && isDeepStrictEqual(known.options, options) ? known.issuer : make(options);
    // Deleted and set again, it is the one that was used last.
    kept.delete(identifier);
    kept.set(identifier, { options, issuer });
    for (const oldest of kept.keys()) if (kept.size > maximumIssuers) kept.delete(oldest);
    return issuer;
  }

  async function get(identifier: string): Promise<TrustedIssuer | undefined> {
    if (identifier.length > maximumIdentifierLength) return undefined;
    try {
      const options = await resolve(identifier);
      if (options === undefined) {
        kept.delete(identifier);
        return undefined;
      }
      if (options.issuer !== identifier)
        throw new Error('the resolver answered with the options of another issuer');
      return issuerWith(identifier, options);
    } catch (cause) {
      throw new AssayError('service.issuers-unavailable', { cause });
    }
  }

  return { get, values: () => [] };
}
