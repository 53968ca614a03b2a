/** The checks of DPoP proofs and of what stands around them, each left out by a change of its source text. */

const core = 'packages/core/src';
const conformance = 'test/conformance/resource-server';
const structure = [`${conformance}/rfc9449-proof-structure`];
const target = [`${conformance}/rfc9449-proof-target`];
const binding = [`${conformance}/rfc9449-proof-binding`];
const schemes = [`${conformance}/rfc9449-schemes`];
const nonces = [`${conformance}/rfc9449-nonces`];
const replay = [`${conformance}/rfc9449-replay`];
const browsers = [`${conformance}/rfc9449-browsers`];
const keys = ['packages/core/test/binding/proof-keys'];
const nest = ['packages/nest/test/dpop'];

const edit = (file, find, replace) => ({ file: `${core}/${file}`, find, replace });

/** @type {[name: string, suites: string[], ...edits: import('./edits.mjs').Edit[]][]} */
const breaks = [
  [
    'DPoP: one header line',
    structure,
    edit('binding/check-sender.ts', "if (lines.length > 1 || proof.includes(','))", 'if (false)'),
  ],
  [
    'DPoP: a bound token is no bearer token',
    schemes,
    edit('binding/check-sender.ts', "if (presented.scheme !== 'DPoP') throw", 'if (false) throw'),
  ],
  [
    'DPoP: a bearer token is no bound token',
    schemes,
    edit('binding/check-sender.ts', "if (presented.scheme === 'DPoP') throw", 'if (false) throw'),
  ],
  [
    'DPoP: the key of the token',
    binding,
    edit('binding/check-sender.ts', 'if (proof.thumbprint !== jkt) throw', 'if (false) throw'),
  ],
  [
    'DPoP: an algorithm of the list',
    structure,
    edit(
      'binding/verify-dpop-proof.ts',
      '!isKnownAlgorithm(alg) || !algorithms.has(alg)',
      '!isKnownAlgorithm(alg)',
    ),
  ],
  [
    'DPoP: a key that fits the algorithm',
    structure,
    edit('binding/verify-dpop-proof.ts', 'if (!key.algorithms.has(alg)) throw', 'if (false) throw'),
  ],
  [
    'DPoP: the signature',
    structure,
    edit(
      'binding/verify-dpop-proof.ts',
      'if (!verifySignature(key, alg,',
      'if (false && !verifySignature(key, alg,',
    ),
  ],
  [
    'DPoP: a public key alone',
    structure,
    edit(
      'binding/proof-keys.ts',
      'if (holdsPrivateMembers(jwk)) return undefined;',
      'void holdsPrivateMembers;',
    ),
  ],
  [
    'DPoP: no key that costs the receiver',
    keys,
    edit('binding/proof-keys.ts', ' || isCostly(key)', ' || (false && isCostly(key))'),
  ],
  [
    'DPoP: a kept key is judged by all that is said of it',
    keys,
    edit(
      'binding/proof-keys.ts',
      "hash('sha256', JSON.stringify(jwk), 'base64url')",
      "hash('sha256', String(jwk['x'] ?? jwk['n']), 'base64url')",
    ),
  ],
  ['DPoP: strict URIs', target, edit('binding/normalised-uri.ts', '(?![/?#])[\\x21-\\x7e]+$/i', '[^]*$/i')],
  [
    'DPoP: an escaped slash stays one',
    target,
    edit(
      'binding/normalised-uri.ts',
      '/[A-Za-z0-9\\-._~]/.test(character)',
      '/[A-Za-z0-9\\-._~/]/.test(character)',
    ),
  ],
  [
    'DPoP: nobody chooses the authority in the request line',
    target,
    edit(
      'binding/target-uri.ts',
      'normalisedUri(base + path)',
      'normalisedUri(/^https?:/i.test(request.url) ? request.url : base + path)',
    ),
  ],
  [
    'DPoP nonces: the MAC',
    nonces,
    edit(
      'binding/dpop-nonces.ts',
      'timingSafeEqual(macOf(key, content), mac)',
      '(timingSafeEqual(macOf(key, content), mac) || true)',
    ),
  ],
  ['DPoP nonces: an end', nonces, edit('binding/dpop-nonces.ts', 'ageSeconds >= lifetimeSeconds ||', '')],
  [
    'DPoP nonces: of this server',
    nonces,
    edit('binding/dpop-nonces.ts', '`assay dpop nonce\\0${owner}`', '`assay dpop nonce\\0`'),
  ],
  [
    'DPoP nonces: strict secrets',
    nonces,
    edit(
      'settings/dpop-options.ts',
      'decodeBase64url(secret) : secret',
      "Buffer.from(secret, 'base64url') : secret",
    ),
    edit('settings/dpop-options.ts', "import { decodeBase64url } from '../encoding/base64url.js';\n", ''),
  ],
  [
    'DPoP replay: a used proof is refused',
    replay,
    edit(
      'binding/use-up-proof.ts',
      "await useUp(store, reservation, 'proof.replayed');",
      'await store.reserve(reservation); void useUp;',
    ),
  ],
  [
    'DPoP replay: a store that fails lets nobody pass',
    replay,
    edit(
      'binding/use-up-proof.ts',
      "await useUp(store, reservation, 'proof.replayed');",
      "await useUp(store, reservation, 'proof.replayed').catch((error: { code: string }) => { if (error.code === 'proof.replayed') throw error; });",
    ),
  ],
  [
    'DPoP replay: until the proof is too old',
    replay,
    edit('binding/use-up-proof.ts', '+ proofLifetimeSeconds + leewaySeconds + 1', '+ proofLifetimeSeconds'),
  ],
  [
    'DPoP replay: one share for one key',
    replay,
    edit('binding/use-up-proof.ts', 'scope: [thumbprint],', 'scope: [thumbprint, htu as string],'),
  ],
  [
    'challenges: the error in the scheme that was used',
    schemes,
    edit('challenge.ts', 'blamed.length === 0 || blamed.includes(scheme)', 'blamed || true'),
  ],
  [
    'challenges: DPoP beside Bearer for a bound token',
    schemes,
    edit('challenge.ts', '...used, ...acceptableSchemes]', '...used]'),
  ],
  [
    'challenges for scripts of other origins',
    browsers,
    edit('answer-duties.ts', 'if (exposedHeaders !== undefined) exposeHeaders', 'if (false) exposeHeaders'),
  ],
  [
    'Nest: one judgement of a request, however many fields ask',
    nest,
    {
      file: 'packages/nest/src/assay.guard.ts',
      find: 'if (underWay !== undefined) return underWay;',
      replace: '',
    },
  ],
];

/** Checks that no row of the matrices demands in so many words: a test has to go red all the same. */
const withoutRow = new Set([
  'DPoP: no key that costs the receiver',
  'DPoP: a kept key is judged by all that is said of it',
  'DPoP nonces: strict secrets',
]);

/** @type {import('./rules.mjs').Break[]} */
export const dpopBreaks = breaks.map(([name, suites, ...edits]) => ({
  name,
  suites,
  edits,
  rowRequired: !withoutRow.has(name),
}));
