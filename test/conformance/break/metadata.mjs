/** What makes metadata true and findable, each left out by a change of its source text. */

const suites = ['test/conformance/resource-server/rfc9728\\.test'];

const edit = (file, find, replace) => ({ file: `packages/core/src/${file}`, find, replace });

/** @type {[name: string, ...edits: import('./edits.mjs').Edit[]][]} */
const checks = [
  [
    'metadata: of https resources alone',
    edit(
      'metadata/resource-identifier.ts',
      'if (!isSecureUrl(audience, { allowInsecureLoopback }))',
      'if (!URL.canParse(audience))',
    ),
  ],
  [
    'metadata: of resources without a fragment',
    edit('metadata/resource-identifier.ts', "if (audience.includes('#'))", 'if (false)'),
  ],
  [
    'metadata: a warning of a query',
    edit(
      'metadata/published-metadata.ts',
      '({ hasQuery }) => hasQuery',
      '({ hasQuery }) => hasQuery && false',
    ),
  ],
  [
    'metadata: keys over https',
    edit('metadata/resource-description.ts', 'if (jwksUri !== undefined)', 'if (false)'),
  ],
  [
    'metadata: never the algorithm none',
    edit('metadata/resource-description.ts', 'if (resourceSigningAlgorithms !== undefined)', 'if (false)'),
  ],
  [
    'metadata: between host and path',
    edit(
      'metadata/resource-identifier.ts',
      "`${wellKnown}${pathname === '/' ? '' : pathname}${search}`",
      "`${pathname === '/' ? '' : pathname}${wellKnown}${search}`",
    ),
  ],
  [
    'metadata: by path and query, exactly',
    edit('metadata/published-metadata.ts', 'served.get(url)', "served.get(url.replace(/[?&]x=1$/, ''))"),
  ],
  [
    'metadata: for reading alone',
    edit('metadata/document-answer.ts', "if (method !== 'GET' && method !== 'HEAD')", 'if (false)'),
  ],
  [
    'metadata: to be kept as long as configured',
    edit('metadata/document-answer.ts', 'max-age=${String(cacheSeconds)}', 'max-age=3600'),
  ],
  [
    'metadata: each resource by its own name',
    edit(
      'metadata/published-metadata.ts',
      'protectedResourceMetadata(resource, surroundings, {',
      "protectedResourceMetadata(identifiers[0]?.resource ?? '', surroundings, {",
    ),
  ],
  [
    'metadata: nothing that is empty',
    edit('metadata/protected-resource-metadata.ts', ' && !isEmptyList(value)', ''),
  ],
  [
    'metadata: the issuers of the resource alone',
    edit(
      'metadata/protected-resource-metadata.ts',
      'expectations.audiences.includes(resource)',
      'expectations.audiences.length > 0',
    ),
  ],
  [
    'metadata: the methods that are enabled',
    edit(
      'metadata/protected-resource-metadata.ts',
      '[...tokenLocations].map(',
      "(['header', 'form', 'query'] as const).map(",
    ),
  ],
  [
    'metadata: no bearer method where DPoP is required',
    edit('metadata/protected-resource-metadata.ts', "required === 'dpop' ? [] : ", ''),
  ],
  [
    'metadata: DPoP where it is offered',
    edit('metadata/protected-resource-metadata.ts', 'sender.offersDpop ? ', 'sender ? '),
  ],
  [
    'metadata: DPoP required where it is',
    edit(
      'metadata/protected-resource-metadata.ts',
      "sender.required === 'dpop' || undefined",
      "sender.required !== 'dpop' || undefined",
    ),
  ],
  [
    'metadata: certificates where they are set up',
    edit('metadata/protected-resource-metadata.ts', "return required === 'mtls' || ", 'return true || '),
  ],
  [
    'metadata: undisclosed scopes stay so',
    edit(
      'requirements/scope.ts',
      'return disclosed ? { disclosedScopes: { match, scopes } } : {};',
      'return disclosed || !disclosed ? { disclosedScopes: { match, scopes } } : {};',
    ),
  ],
  [
    'metadata: pointed to in challenges',
    edit('challenge.ts', 'resourceMetadata === undefined ? []', 'resourceMetadata !== undefined ? []'),
  ],
  [
    'metadata: pointed to by what narrows the request',
    edit(
      'metadata/challenged-metadata.ts',
      'urlFor(narrowedTo(request), request)',
      'urlFor(undefined, request)',
    ),
  ],
  [
    'metadata: pointed to by what narrows the route',
    edit(
      'metadata/challenged-metadata.ts',
      'return narrowed === undefined ? before :',
      'return before ? before :',
    ),
  ],
  [
    'metadata: signed in the name of the resource',
    edit('metadata/signed-metadata.ts', 'iss: document.resource, ', ''),
  ],
  [
    'metadata: signed as it is published',
    edit('metadata/signed-metadata.ts', ', ...document }', ', resource: document.resource }'),
  ],
];

/** @type {import('./rules.mjs').Break[]} */
export const metadataBreaks = checks.map(([name, ...edits]) => ({ name, suites, edits, rowRequired: true }));
