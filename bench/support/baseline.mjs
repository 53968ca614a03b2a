/**
 * What every verifier has to do at least: Node's own signature check, of bytes that are ready, in the form in which
 * Node is quickest: the key alone, not in an object with options, and an ECDSA signature in DER.
 */
import { verify } from 'node:crypto';
import { promisify } from 'node:util';

const verifyInPool = promisify(verify);

/** On the thread that calls. */
export function bareVerify({ publicKey }) {
  return ({ input, signature }) => accepted(verify('sha256', input, publicKey, signature));
}

/** On Node's thread pool. */
export function bareVerifyInPool({ publicKey }) {
  return async ({ input, signature }) => accepted(await verifyInPool('sha256', input, publicKey, signature));
}

function accepted(valid) {
  if (!valid) throw new Error('the baseline refuses a valid signature');
}
