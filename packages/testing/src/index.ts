// The public names of @assay/testing, one by one.
export { compactJws, type CompactJwsParts, type JwsPart } from './compact-jws.js';
export { fixedClock, type FixedClock } from './fixed-clock.js';
export {
  hostileRequests,
  type AttackedIssuer,
  type Expectation,
  type HostileRequest,
} from './hostile-requests.js';
export { describeRecordStore } from './store-contracts/describe-record-store.js';
export { describeRevocationStore } from './store-contracts/describe-revocation-store.js';
export { describeSingleUseStore } from './store-contracts/describe-single-use-store.js';
export type {
  MakeStore,
  StoreContractOptions,
  StoreSetting,
  StoreUnderTest,
} from './store-contracts/store-under-test.js';
export type { TestFunctions } from './store-contracts/test-functions.js';
export { principal } from './principal.js';
export {
  createProofBuilder,
  type ProofBuilder,
  type ProofBuilderOptions,
  type ProofHeaders,
  type ProofVariation,
  type ProvenRequest,
} from './proof-builder.js';
export { createTestIssuer, type Behaviour, type TestIssuer, type TestIssuerOptions } from './test-issuer.js';
export {
  createTokenBuilder,
  publicJwk,
  type TokenBuilder,
  type TokenBuilderOptions,
  type TokenVariation,
} from './token-builder.js';
