import { subjectKind } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * The subject is a user, or is a client that acts for itself.
 *
 * Error: 403 `permission.subject-kind-refused`.  Throws: `SetupError` for another word.
 * Spec: RFC 9700 section 4.15.
 */
export function RequireSubjectKind(expected: 'user' | 'client'): ProtectionDecorator {
  return Require(subjectKind(expected));
}
