import { isAssayError } from '../assay-error.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import { presetsThatLookLike } from './presets.js';

const hintedAt = new WeakSet<TrustedIssuer>();

/** The failures that a dialect of access tokens causes, where RFC 9068 is expected. */
const dialectCodes = new Set(['token.type-mismatch', 'token.claim-invalid', 'token.audience-mismatch']);

/**
 * Tells the operator, once for each issuer, that a rightly signed token was refused whose issuer looks like a vendor
 * for which there is a preset. A warning of the process, never a word to the caller.
 */
export function hintAtCompatibility(error: unknown, issuer: TrustedIssuer): void {
  if (issuer.hasCompatibility === true || hintedAt.has(issuer)) return;
  if (!isAssayError(error) || !dialectCodes.has(error.code)) return;
  const presets = presetsThatLookLike(issuer.identifier);
  if (presets.length === 0) return;
  hintedAt.add(issuer);
  process.emitWarning(
    `A token of ${issuer.identifier} was refused (${error.code}, ${String(error.claim)}). If its access tokens do not ` +
      `follow RFC 9068, set compatibility: '${presets.join("' or '")}' for this issuer; see docs/guides/compatibility.md.`,
    { code: 'ASSAY_COMPATIBILITY_HINT' },
  );
}
