import { decryptionKeysFrom } from '../encryption/decryption-keys.js';
import { SetupError } from '../setup-error.js';
import type { Decryption } from '../steps/open-envelope.js';
import type { AccessTokenOptions } from './trusted-issuers.js';

/**
 * What can be decrypted, and whether encryption was agreed.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9068 section 4; RFC 7516.
 */
export function decryptionFrom({
  decryptionKeys = [],
  requireEncryption = false,
}: Pick<AccessTokenOptions, 'decryptionKeys' | 'requireEncryption'>): Decryption {
  if (requireEncryption && decryptionKeys.length === 0) {
    throw new SetupError({
      option: 'requireEncryption',
      problem: 'encryption is required and there is no key to decrypt with',
      remedy: 'Give decryptionKeys, or leave requireEncryption out.',
    });
  }
  return { keys: decryptionKeysFrom(decryptionKeys), required: requireEncryption };
}
