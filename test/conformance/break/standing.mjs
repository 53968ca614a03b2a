/** The checks of whether an accepted token still stands, each left out by a change of its source text. */

const core = 'packages/core/src';
const conformance = 'test/conformance/resource-server';
const overHttp = [`${conformance}/(status-list|revocations)\\.test`];
const units = ['packages/core/test/standing'];
const uris = ['packages/core/test/settings/status-list', `${conformance}/status-list\\.test`];

const edit = (file, find, replace) => ({ file: `${core}/${file}`, find, replace });

/** @type {[name: string, suites: string[], ...edits: import('./edits.mjs').Edit[]][]} */
const checks = [
  [
    'standing: asked at every request',
    overHttp,
    edit('resource-server.ts', '    await ensureStanding(claimed, standing);\n', ''),
  ],
  [
    'standing: asked before a proof is used up',
    overHttp,
    edit('resource-server.ts', '    await ensureStanding(claimed, standing);\n', ''),
    edit(
      'resource-server.ts',
      'if (proof !== undefined) await useUpProof(proofs, proof, sender);',
      'if (proof !== undefined) await useUpProof(proofs, proof, sender);\n    await ensureStanding(claimed, standing);',
    ),
  ],
  [
    'standing: asked again while a connection is open',
    overHttp,
    edit('resource-server.ts', '    await ensureStanding(principal, standing);\n', ''),
  ],
  [
    'standing: asked by the verifier without HTTP',
    overHttp,
    edit('verify-token.ts', 'if (standing.length > 0)', 'if (false)'),
  ],
  [
    'standing: asked after the profile, not before',
    overHttp,
    edit(
      'verify-token.ts',
      '  const { verified, issuer } = await establishOrigin(',
      "  if (parts.standing?.length) await ensureStanding(Principal.from({ claims: JSON.parse(Buffer.from(presented.split('.')[1] ?? '', 'base64url').toString()), issuer: 'https://as.example', fingerprint: '' }), parts.standing);\n  const { verified, issuer } = await establishOrigin(",
    ),
  ],
  [
    'status reference: its shape',
    overHttp,
    edit(
      'standing/status-reference.ts',
      "  if (!isJsonObject(status)) throw refusal('status', 'malformed');",
      '  if (!isJsonObject(status)) return undefined;',
    ),
  ],
  [
    'status reference: another mechanism alone is no status',
    overHttp,
    edit(
      'standing/status-reference.ts',
      "  if (list === undefined) throw refusal('status', 'missing');",
      '  if (list === undefined) return undefined;',
    ),
  ],
  [
    'status reference: the index',
    overHttp,
    edit(
      'standing/status-reference.ts',
      "typeof idx !== 'number' || !Number.isSafeInteger(idx) || idx < 0",
      'false',
    ),
  ],
  [
    'status reference: demanded unless told otherwise',
    overHttp,
    edit('settings/status-list.ts', 'required: unknown = true', 'required: unknown = false'),
  ],
  [
    'status list: from where the configuration says',
    overHttp,
    edit('standing/status-list-check.ts', 'if (!statusIssuer.names(uri))', 'if (false)'),
  ],
  [
    'status list: from URIs that nobody reads otherwise',
    uris,
    edit('settings/status-list.ts', ' &&\n    isPlainUri(uri, allowInsecureLoopback);', ';'),
  ],
  [
    'status list: beneath a slash alone',
    uris,
    edit('settings/status-list.ts', "known.filter((uri) => uri.endsWith('/'))", 'known'),
  ],
  [
    'status list: of its media type',
    overHttp,
    edit('standing/load-status-list.ts', 'accept: mediaType.name, type: mediaType', 'accept: mediaType.name'),
  ],
  [
    'status list: no redirection',
    overHttp,
    edit('keys/fetch-body.ts', "redirect: 'manual',", "redirect: 'follow',"),
  ],
  [
    'status list: of a bounded size',
    overHttp,
    edit('keys/fetch-body.ts', 'if (size > maximumBytes)', 'if (false)'),
  ],
  [
    'status list: unpacked to a bounded size',
    [...units, ...overHttp],
    edit(
      'standing/decode-status-list.ts',
      'maxOutputLength: maximumInflatedBytes',
      'maxOutputLength: 2 ** 31',
    ),
  ],
  [
    'status list: rightly signed',
    overHttp,
    edit(
      'steps/verify-signature.ts',
      'candidates.find(({ key }) => verifySignature(key, algorithm, input, signature))',
      'candidates[0]',
    ),
  ],
  [
    'status list: of the URI that was asked for',
    overHttp,
    edit('standing/accept-status-list.ts', '(subject: string) => subject === uri', '() => true'),
  ],
  [
    'status list: nothing after the stream',
    overHttp,
    edit(
      'standing/decode-status-list.ts',
      'if (unpacked.engine.bytesWritten !== packed.length)',
      'if (false)',
    ),
  ],
  [
    'status list: strict base64url',
    overHttp,
    edit(
      'standing/decode-status-list.ts',
      'decodeBase64url(claim.lst)',
      "Buffer.from(claim.lst, 'base64url')",
    ),
  ],
  [
    'status list: the first status in the least significant bits',
    overHttp,
    edit(
      'standing/decode-status-list.ts',
      '(index % perByte) * bits',
      '(perByte - 1 - (index % perByte)) * bits',
    ),
  ],
  [
    'status list: nothing outside it is VALID',
    overHttp,
    edit('standing/decode-status-list.ts', 'byte === undefined ? undefined :', 'byte === undefined ? 0 :'),
  ],
  [
    'status list: only VALID passes',
    overHttp,
    edit('standing/status-list-check.ts', 'status === valid ||', 'status === valid || status > suspended ||'),
  ],
  [
    'status list: suspended is not valid',
    overHttp,
    edit(
      'standing/status-list-check.ts',
      'if (status === suspended) throw',
      'if (status === suspended) return; else if (false) throw',
    ),
  ],
  [
    'status list: its end is the end',
    overHttp,
    edit('standing/remote-status-list.ts', ' || clock.nowMs() >= held.expiresAtMs', ''),
  ],
  [
    'status list: kept for its time to live',
    overHttp,
    edit('standing/remote-status-list.ts', 'ttlSeconds ?? defaultAgeSeconds', 'defaultAgeSeconds'),
  ],
  [
    'status list: kept within the upper bound',
    overHttp,
    edit(
      'standing/remote-status-list.ts',
      'Math.min(Math.max(ttlSeconds ?? defaultAgeSeconds, minimumAgeSeconds), maximumAgeSeconds)',
      'Math.max(ttlSeconds ?? defaultAgeSeconds, minimumAgeSeconds)',
    ),
  ],
  [
    'status list: kept for the lower bound',
    overHttp,
    edit(
      'standing/remote-status-list.ts',
      'Math.max(ttlSeconds ?? defaultAgeSeconds, minimumAgeSeconds)',
      'ttlSeconds ?? defaultAgeSeconds',
    ),
  ],
  [
    'status list: one fetch at a time',
    overHttp,
    edit(
      'standing/remote-status-list.ts',
      'return (underWay ??= fetchOnce()',
      'return (underWay = fetchOnce()',
    ),
  ],
  [
    'status list: bounded in number',
    overHttp,
    edit('standing/status-list-cache.ts', 'makeRoom(() => entries.size < policy.maximumLists);', ''),
    edit('standing/status-list-cache.ts', 'if (entries.size >= policy.maximumLists) {', 'if (false) {'),
  ],
  [
    'status list: bounded in bytes',
    units,
    edit(
      'standing/status-list-cache.ts',
      'makeRoom(() => cachedBytes() <= policy.maximumCachedBytes, key);',
      '',
    ),
  ],
  [
    'status list: each issuer has its own',
    [...units, ...overHttp],
    edit('standing/status-list-cache.ts', 'JSON.stringify([statusIssuer.signer.identifier, uri])', 'uri'),
    edit(
      'standing/status-list-cache.ts',
      'if (known?.statusIssuer === statusIssuer) return known;',
      'if (known) return known;',
    ),
  ],
  [
    'revocations: true is revoked',
    overHttp,
    edit('standing/revocation-check.ts', 'if (answer === true)', 'if (false)'),
    edit('standing/revocation-check.ts', 'if (answer !== false)', 'if (typeof answer !== "boolean")'),
  ],
  [
    'revocations: only false is not',
    overHttp,
    edit('standing/revocation-check.ts', 'if (answer !== false)', 'if (false)'),
  ],
  [
    'revocations: a failure is no pass',
    overHttp,
    edit(
      'standing/revocation-check.ts',
      "    throw new AssayError('service.revocations-unavailable', { cause });",
      '    return void cause ?? false;',
    ),
  ],
  [
    'revocations: by issuer',
    ['packages/testing/test/store-contracts', ...overHttp],
    edit(
      'standing/in-memory-revocations.ts',
      'JSON.stringify([issuer, kind, value])',
      'JSON.stringify([kind, value])',
    ),
  ],
  [
    'revocations: before an instant',
    overHttp,
    edit(
      'standing/in-memory-revocations.ts',
      'issuedBefore: Math.max(issuedBefore, known?.issuedBefore ?? -Infinity)',
      'issuedBefore: Infinity',
    ),
  ],
];

/** Checks that no row of the matrices demands in so many words: a test has to go red all the same. */
const withoutRow = new Set([
  'standing: asked before a proof is used up',
  'standing: asked again while a connection is open',
  'status list: from URIs that nobody reads otherwise',
  'status list: bounded in bytes',
  'status list: each issuer has its own',
  'revocations: only false is not',
  'revocations: a failure is no pass',
  'revocations: by issuer',
  'revocations: before an instant',
]);

/** @type {import('./rules.mjs').Break[]} */
export const standingBreaks = checks.map(([name, suites, ...edits]) => ({
  name,
  suites,
  edits,
  rowRequired: !withoutRow.has(name),
}));
