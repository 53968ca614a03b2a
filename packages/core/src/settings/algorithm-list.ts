import { isKnownAlgorithm, knownAlgorithms, type Algorithm } from '../algorithms.js';
import { SetupError } from '../setup-error.js';

/**
 * The algorithms that an issuer may use; by default all that we know, none of them `none` or a MAC.
 *
 * Throws: `SetupError`.
 * Spec: RFC 8725 section 3.1.
 */
export function algorithmsFrom(
  names: readonly string[] = knownAlgorithms,
  option = 'algorithms',
): ReadonlySet<Algorithm> {
  if (!Array.isArray(names) || names.length === 0) {
    throw new SetupError({
      option,
      problem: 'it is not a list with an algorithm in it',
      remedy: `Name at least one of ${knownAlgorithms.join(', ')}, or leave the option out.`,
    });
  }
  return new Set(
    names.map((name: string) => {
      if (isKnownAlgorithm(name)) return name;
      throw new SetupError({
        option,
        problem: `${JSON.stringify(name)} is not a supported asymmetric algorithm`,
        remedy: `Use names from ${knownAlgorithms.join(', ')}, spelt as in the alg header.`,
      });
    }),
  );
}
