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
  const keys = decryptionKeysFrom(decryptionKeys);
  const refuse = (problem: string, remedy: string) =>
    new SetupError({ option: 'requireEncryption', problem, remedy });
  if (typeof requireEncryption !== 'boolean') throw refuse('it is not a boolean', 'Give true or false.');
  if (requireEncryption && keys.length === 0) {
    throw refuse(
      'encryption is required and there is no key to decrypt with',
      'Give decryptionKeys, or leave requireEncryption out.',
    );
  }
  return { keys, required: requireEncryption };
}
