/** The checks that are steps and not rules of a profile, each left out by a change of its source text. */

const core = 'packages/core/src';
const conformance = 'test/conformance/resource-server';
const structure = [`${conformance}/(rfc7519-structure|rfc7515)\\.test`];
const keys = [`${conformance}/(keys-jwk-set|keys-algorithms)\\.test`];
const credentials = [`${conformance}/(rfc6750-credentials|token-locations)\\.test`];
const battery = ['packages/testing/test/hostile-requests'];
const discovery = [`${conformance}/(discovery|outbound)\\.test`];
const certificates = [`${conformance}/rfc8705\\.test`];
const certificateHeaders = [`${conformance}/rfc9440\\.test`];
const forwarded = [`${conformance}/forwarded-headers\\.test`];
const confirmations = [`${conformance}/rfc7800\\.test`];

const stepUp = [`${conformance}/rfc9470`];
const actors = [`${conformance}/rfc8693`];
const details = [`${conformance}/rfc9396`];
const requirements = ['packages/core/test/(requirements|delegation)'];

const edit = (file, find, replace) => ({ file: `${core}/${file}`, find, replace });

/** @type {[name: string, suites: string[], ...edits: import('./edits.mjs').Edit[]][]} */
const steps = [
  [
    'extract: one token',
    credentials,
    edit('steps/extract-token.ts', 'if (inHeader.length + inForm.length + inQuery.length > 1)', 'if (false)'),
  ],
  [
    'extract: one Authorization line',
    credentials,
    edit('steps/extract-token.ts', 'if (lines.length > 1)', 'if (false)'),
  ],
  [
    'extract: no token from the query unless asked',
    credentials,
    edit(
      'steps/extract-token.ts',
      "...(enabled.has('query') ? tokensInQuery(request) : [])",
      '...tokensInQuery(request)',
    ),
  ],
  [
    'extract: no token from a form unless asked',
    battery,
    edit('steps/extract-token.ts', "...(enabled.has('form') && methodsWithBody", '...(methodsWithBody'),
  ],
  [
    'extract: the syntax of the header',
    credentials,
    edit('steps/extract-token.ts', '/^ +([A-Za-z0-9\\-._~+/]+=*)$/', '/^ +(.*)$/'),
    edit('steps/extract-token.ts', '/^[A-Za-z0-9\\-._~+/]+=*$/', '/^/'),
  ],
  [
    'parse: longest token',
    structure,
    edit('steps/parse-token.ts', 'if (token.length > maximumLength)', 'if (false)'),
  ],
  [
    'parse: three segments',
    structure,
    edit('steps/parse-token.ts', 'if (segments.length !== 3 ||', 'if (segments.length < 3 ||'),
  ],
  ['parse: no other kinds', battery, edit('steps/parse-token.ts', '  refuseOtherKinds(header);\n', '')],
  [
    'parse: strict base64url',
    structure,
    edit('encoding/base64url.ts', "bytes.toString('base64url') === text ? bytes : undefined", 'bytes'),
  ],
  [
    'parse: no duplicate members',
    structure,
    edit('encoding/strict-json.ts', 'if (countMembers(value) !== outline.members)', 'if (false)'),
  ],
  [
    'parse: bounded depth',
    battery,
    edit('encoding/strict-json.ts', 'if (outline.depth > maximumJsonDepth)', 'if (false)'),
  ],
  ['parse: valid UTF-8', structure, edit('encoding/strict-json.ts', 'fatal: true', 'fatal: false')],
  [
    'parse: an object',
    structure,
    edit('steps/jose-header.ts', 'if (!isJsonObject(parsed.value))', 'if (false)'),
  ],
  [
    'parse: alg is a text',
    structure,
    edit('steps/jose-header.ts', "if (typeof alg !== 'string') refuse", 'if (false) refuse'),
  ],
  [
    'parse: kid is a text',
    structure,
    edit(
      'steps/jose-header.ts',
      "if (kid !== undefined && typeof kid !== 'string') refuse",
      'if (false) refuse',
    ),
  ],
  [
    'parse: crit',
    structure,
    edit('steps/jose-header.ts', 'if (crit !== undefined) refuse', 'if (false) refuse'),
  ],
  [
    'parse: b64',
    structure,
    edit('steps/jose-header.ts', 'if (b64 !== undefined) refuse', 'if (false) refuse'),
  ],
  [
    'choose issuer: one that is trusted',
    [`${conformance}/(rfc9068|discovery)\\.test`],
    edit('steps/choose-issuer.ts', 'issuers.get(iss);', 'issuers.get(iss) ?? [...issuers.values()][0];'),
  ],
  [
    'choose key: an algorithm of the list',
    [`${conformance}/(rfc8725|keys-algorithms)\\.test`],
    edit(
      'steps/choose-key.ts',
      '!isKnownAlgorithm(alg) || !issuer.algorithms.has(alg)',
      '!isKnownAlgorithm(alg)',
    ),
  ],
  [
    'choose key: one that fits the algorithm',
    keys,
    edit(
      'keys/verification-key.ts',
      '(alg === undefined || alg === name) && fitsAlgorithm(key, name)',
      'true',
    ),
  ],
  [
    "choose key: the JWK's own alg",
    keys,
    edit('keys/verification-key.ts', '(alg === undefined || alg === name) && fitsAlgorithm', 'fitsAlgorithm'),
  ],
  [
    'choose key: RSA of a good size',
    keys,
    edit('keys/verification-key.ts', 'if (modulusLength < minimumRsaBits)', 'if (false)'),
  ],
  [
    'choose key: use is sig',
    keys,
    edit('keys/key-usage.ts', "if (use !== undefined && use !== 'sig')", 'if (false)'),
  ],
  [
    'choose key: key_ops has verify',
    keys,
    edit('keys/key-usage.ts', "if (!operations.includes('verify'))", 'if (false)'),
  ],
  [
    'choose key: kid singles one out',
    [`${conformance}/(keys-headers|keys-jwk-set)\\.test`],
    edit('keys/key-index.ts', 'fitting.byKid.get(kid) ?? fitting.otherwise', 'fitting.any'),
  ],
  [
    'choose key: the budget for unknown kids',
    [`${conformance}/keys-availability\\.test`],
    edit('keys/remote-keys.ts', 'if (!budget.take(clock.nowMs())) return', 'if (false) return'),
  ],
  [
    'verify signature',
    [`${conformance}/(rfc7515|keys-headers)\\.test`],
    edit(
      'steps/verify-signature.ts',
      'candidates.find(({ key }) => verifySignature(key, algorithm, input, signature))',
      'candidates[0]',
    ),
  ],
  [
    'verified signatures: the key is still there',
    [`${conformance}/verified-signatures`, 'packages/core/test/steps/verified-signatures'],
    edit('verify-token.ts', 'return candidates.some((candidate) => candidate.key === key);', 'return true;'),
  ],
  [
    'verified signatures: the claims cannot be changed',
    ['packages/core/test/steps/verified-signatures'],
    edit('steps/verified-signatures.ts', 'deepFreeze(verified.claims);', ''),
  ],
  [
    'verified signatures: bounded',
    ['packages/core/test/steps/verified-signatures'],
    edit('steps/verified-signatures.ts', 'young.size * 2 >= limits.maximumEntries ||', ''),
  ],
  [
    'verify signature: the MAC',
    [`${conformance}/rfc7518-hmac\\.test`],
    edit(
      'steps/verify-signature.ts',
      'mac.length === expected.length && timingSafeEqual(mac, expected)',
      'true',
    ),
  ],
  [
    'open envelope: a nested JWT',
    [`${conformance}/encryption`],
    edit('steps/open-envelope.ts', 'if (!announcesJwt(cty))', 'if (false)'),
  ],
  [
    'open envelope: no compression',
    [`${conformance}/encryption`],
    edit('steps/open-envelope.ts', 'if (zip !== undefined)', 'if (false)'),
  ],
  [
    'open envelope: replicated claims agree',
    [`${conformance}/(encryption|rfc7519-claims)`],
    edit('steps/check-replicated-claims.ts', 'if (!Object.hasOwn(envelope, claim)) continue;', 'continue;'),
  ],
  [
    'narrow the audience by the request',
    'trusted proxies: not everybody',
    ['packages/core/test/issuers-and-audiences'],
    edit('verify-token.ts', 'return audience === undefined ? audiences :', 'return true ? audiences :'),
  ],
  [
    'refuse bound tokens that come without a request',
    ['packages/core/test/steps/refuse-bound', `${conformance}/(rfc9068|rfc8725)`],
    edit('steps/refuse-bound.ts', "if (kind === 'unbound')", "if (kind !== 'bound' || kind === 'bound')"),
  ],
  [
    'require scope: all of them',
    ['packages/(core|express)/test/requirements', conformance],
    edit(
      'requirements/scope.ts',
      'if (scopes.every((name) => principal.hasScope(name))) return',
      'if (scopes.length > 0) return',
    ),
  ],
  [
    'require scope: any of them',
    ['packages/(core|express|nest)/test/requirements'],
    edit(
      'requirements/scope.ts',
      'if (scopes.some((name) => principal.hasScope(name))) return',
      'if (scopes.length > 0) return',
    ),
  ],
  [
    'require step-up: an acr of the list',
    stepUp,
    edit('requirements/step-up.ts', '&& acrValues.includes(acr))', '&& acrValues.length > 0)'),
  ],
  [
    'require step-up: an acr that is a text',
    stepUp,
    edit('principal.ts', "acr: stringOf(claims['acr'])", "acr: String(claims['acr'] ?? 'gold')"),
  ],
  [
    'require step-up: no longer ago',
    stepUp,
    edit('requirements/step-up.ts', 'nowSeconds - authTime <= maxAgeSeconds', 'nowSeconds > 0'),
  ],
  [
    'require step-up: not in the future',
    stepUp,
    edit('requirements/step-up.ts', 'authTime <= nowSeconds + leewaySeconds', 'leewaySeconds >= 0'),
  ],
  [
    'require step-up: at some time',
    stepUp,
    edit('requirements/step-up.ts', 'authTime !== undefined &&', 'authTime === undefined ||'),
  ],
  [
    'require step-up: the challenge names all that falls short',
    stepUp,
    edit('requirements/joined-refusal.ts', 'if (!isCuredByAnotherToken(refusal))', 'if (refusal)'),
  ],
  [
    'require step-up: not for what stays forbidden',
    requirements,
    edit('requirements/joined-refusal.ts', 'if (incurable !== undefined)', 'if (refusals.length === 0)'),
  ],
  [
    'require step-up (Express): the other demands of the route',
    stepUp,
    {
      file: 'packages/express/src/requirements.ts',
      find: 'alongside: () => requirementsOfRoute(request)',
      replace: 'alongside: () => requirementsOfRoute(request).slice(0, 0)',
    },
  ],
  [
    'require step-up (Nest): no contradiction',
    ['packages/nest/test/delegation'],
    {
      file: 'packages/nest/src/protection/protection-of.ts',
      find: '  refuseImpossibleStepUp(handler, requirements);\n',
      replace: '  void refuseImpossibleStepUp;\n',
    },
  ],
  [
    'require actor: one that may act',
    actors,
    edit(
      'requirements/actor.ts',
      'candidate === subject && issuer === principal.issuer',
      'issuer === principal.issuer',
    ),
  ],
  [
    'require actor: of the issuer of the token',
    requirements,
    edit(
      'requirements/actor.ts',
      'candidate === subject && issuer === principal.issuer',
      'candidate === subject && principal',
    ),
  ],
  [
    'require actor: of the issuer that is named',
    requirements,
    edit(
      'requirements/actor.ts',
      'candidate.subject === subject && candidate.issuer === issuer',
      'candidate.subject === subject',
    ),
  ],
  [
    'require actor: the current one',
    actors,
    edit(
      'requirements/actor.ts',
      'const [current] = principal.actors;',
      'const current = principal.actors.at(-1);',
    ),
  ],
  [
    'require actor: somebody',
    actors,
    edit(
      'requirements/actor.ts',
      "return optional && principal.claims['act'] === undefined ? undefined",
      'return true ? undefined',
    ),
  ],
  [
    'require actor: nobody who cannot be read',
    requirements,
    edit(
      'requirements/actor.ts',
      "return optional && principal.claims['act'] === undefined ?",
      'return optional ?',
    ),
  ],
  [
    'require actor: a short chain',
    requirements,
    edit('requirements/actor.ts', 'if (principal.actors.length > maximumDepth)', 'if (maximumDepth > 10)'),
  ],
  [
    'actors: not those who may act',
    actors,
    edit(
      'principal.ts',
      "actorsOf(claims['act'], issuer)",
      "actorsOf(claims['act'] ?? claims['may_act'], issuer)",
    ),
  ],
  [
    'actors: nothing of a token in them',
    requirements,
    edit(
      'delegation/actor.ts',
      'filter(([name]) => !saysNothingOfWho.has(name))',
      'filter(() => saysNothingOfWho.size > 0)',
    ),
  ],
  [
    'actors: a bounded chain',
    actors,
    edit('delegation/actor.ts', ' || actors.length === maximumActorDepth', ''),
  ],
  [
    'actors: no more scopes than their own',
    requirements,
    edit(
      'delegation/principal-within-actor.ts',
      'if (actor === undefined || scopesOfActor === undefined)',
      'if (principal)',
    ),
  ],
  [
    'require detail: the type',
    details,
    edit('requirements/authorization-detail.ts', 'detail.type === policy.type &&', ''),
  ],
  [
    'require detail: every member',
    details,
    edit(
      'requirements/authorization-detail.ts',
      '.every((value) => lists(detail[member], value))',
      '.every((value) => value)',
    ),
  ],
  [
    'require detail: the identifier',
    requirements,
    edit(
      'requirements/authorization-detail.ts',
      "policy.identifier === undefined || detail['identifier'] === policy.identifier",
      'true',
    ),
  ],
  [
    'require detail: all in one',
    details,
    edit(
      'requirements/authorization-detail.ts',
      'lists(detail[member], value)',
      'principal.authorizationDetails.some((one) => lists(one[member], value))',
    ),
    edit(
      'requirements/authorization-detail.ts',
      'fits(detail, policy, locations)',
      'fits(detail, policy, locations, principal)',
    ),
    edit(
      'requirements/authorization-detail.ts',
      '  locations: readonly string[],\n): boolean',
      '  locations: readonly string[],\n  principal: Principal,\n): boolean',
    ),
  ],
  [
    'require detail: no other location',
    details,
    edit('requirements/authorization-detail.ts', "detail['locations'] === undefined ||", 'true ||'),
  ],
  [
    'require detail: no audience of another API for a location',
    requirements,
    edit(
      'requirements/authorization-detail.ts',
      'audiences.filter((member) => audience.includes(member))',
      '[...audiences, ...audience]',
    ),
  ],
  [
    'require detail: what it has to satisfy',
    requirements,
    edit(
      'requirements/authorization-detail.ts',
      'unlessTrue(satisfies(detail, { principal, request }), refusal)',
      'unlessTrue(true, refusal)',
    ),
  ],
  [
    'reserve what is single use',
    ['packages/core/test/authorization-server/(single-use|jwt-bearer-grant)'],
    edit('authorization-server/single-use.ts', "if (answer === 'replayed')", 'if (false)'),
    edit('authorization-server/single-use.ts', "if (answer !== 'reserved')", 'if (false)'),
  ],
  [
    'reserve: by purpose and owner',
    ['packages/core/test/(stores|authorization-server/single-use)'],
    edit('stores/bounded-entries.ts', 'JSON.stringify([purpose, scope])', "''"),
  ],
  [
    'discovery: strict JSON',
    discovery,
    edit(
      'keys/fetch-json.ts',
      "if ('value' in parsed) return parsed.value;",
      "if (parsed) return 'value' in parsed ? parsed.value : {};",
    ),
  ],
  [
    'discovery: bounded size',
    ['packages/testing/test/attacks'],
    edit('keys/fetch-body.ts', 'if (size > maximumBytes)', 'if (false)'),
  ],
  [
    'discovery: no redirect',
    discovery,
    edit('keys/fetch-body.ts', "redirect: 'manual',", "redirect: 'follow',"),
  ],
  [
    'confirmation: not one that cannot be checked',
    confirmations,
    edit(
      'binding/check-sender.ts',
      'if (policy.acceptsUnknownConfirmation) return {};',
      'if (policy) return {};',
    ),
  ],
  [
    'confirmation: not one that is none',
    confirmations,
    edit(
      'binding/confirmation.ts',
      "if (!isJsonObject(cnf)) return { kind: 'malformed' };",
      "if (!isJsonObject(cnf)) return { kind: 'unbound' };",
    ),
  ],
  [
    'confirmation: not one whose thumbprint is none',
    confirmations,
    edit(
      'binding/confirmation.ts',
      "if (!isThumbprintIfPresent(jkt) || !isThumbprintIfPresent(x5tS256)) return { kind: 'malformed' };",
      "if (!isThumbprintIfPresent(jkt) || !isThumbprintIfPresent(x5tS256)) return { kind: 'unbound' };",
    ),
  ],
  [
    'require a sender constraint: the one that is named',
    certificates,
    edit(
      'requirements/sender-constraint.ts',
      "expected === 'any' || expected === constraint",
      'constraint !== undefined',
    ),
  ],
  [
    'sender constraint: the one that the server insists on',
    certificates,
    edit('binding/check-sender.ts', 'if (!isMet) throw', 'if (false) throw'),
  ],
  [
    'certificate: one is demanded',
    certificates,
    edit(
      'binding/check-sender.ts',
      'if (x5tS256 !== undefined) requireCertificate',
      'if (false) requireCertificate',
    ),
  ],
  [
    'certificate: the one that the token names',
    certificates,
    edit('binding/check-sender.ts', 'if (presented !== thumbprint)', 'if (false)'),
  ],
  [
    'certificate: the connection has one',
    certificates,
    edit(
      'binding/check-sender.ts',
      "if (presented === undefined) throw refusal('token.cert",
      "if (false) throw refusal('token.cert",
    ),
  ],
  [
    'certificate: the digest of the DER',
    certificates,
    edit(
      'binding/client-certificate.ts',
      "createHash('sha256').update(der)",
      "createHash('sha256').update(Buffer.from(der).toString('base64'))",
    ),
  ],
  [
    'certificate: the form of the thumbprint',
    certificates,
    edit(
      'binding/confirmation.ts',
      "typeof value === 'string' && thumbprint.test(value)",
      "typeof value === 'string'",
    ),
  ],
  [
    'certificate: of the connection (Nest)',
    certificates,
    { file: 'packages/nest/src/contexts/http-context.ts', find: '      socket,\n', replace: '' },
  ],
  [
    'certificate header: not unless asked',
    certificateHeaders,
    edit(
      'settings/sender-options.ts',
      'if (given === undefined) return undefined;\n  knownOptionsOnly(given,',
      "if (given === undefined) return { name: 'client-cert', encoding: 'rfc9440' };\n  knownOptionsOnly(given,",
    ),
  ],
  [
    'certificate header: of trusted proxies alone',
    certificateHeaders,
    edit(
      'binding/client-certificate.ts',
      'if (header === undefined || !trustedProxies(request))',
      'if (header === undefined)',
    ),
  ],
  [
    'certificate header: not the certificate of the proxy',
    certificateHeaders,
    edit(
      'binding/client-certificate.ts',
      'if (line === undefined || others.length > 0) return undefined;',
      'if (line === undefined || others.length > 0) return request.connection?.peerCertificate();',
    ),
  ],
  [
    'certificate header: one line',
    certificateHeaders,
    edit('binding/client-certificate.ts', 'line === undefined || others.length > 0', 'line === undefined'),
  ],
  [
    'certificate header: one byte sequence',
    certificateHeaders,
    edit('binding/client-certificate.ts', '/^:([^:]+):$/', '/^:?([^:]+):?$/'),
  ],
  [
    'certificate header: the alphabet of base64',
    certificateHeaders,
    edit('binding/client-certificate.ts', 'text !== undefined && base64.test(text)', 'text !== undefined'),
  ],
  [
    'certificate header: one whole certificate',
    certificateHeaders,
    edit('binding/client-certificate.ts', 'raw.equals(der) ? raw : undefined', 'raw'),
  ],
  [
    'certificate header: answers stay out of caches',
    certificateHeaders,
    edit('answer-duties.ts', 'nextNonce !== undefined || certificateInHeader', 'nextNonce !== undefined'),
  ],
  [
    'trusted proxies: by their addresses',
    [...certificateHeaders, ...forwarded],
    edit('binding/trusted-proxies.ts', 'isIP(address) !== 0 && holds(known, address)', 'isIP(address) !== 0'),
  ],
  [
    'trusted proxies: not everybody',
    ['packages/core/test/binding/trusted-proxies'],
    edit('binding/trusted-proxies.ts', 'if (holdsEveryAddress(known))', 'if (false)'),
  ],
  [
    'forwarded origin: of trusted proxies alone',
    forwarded,
    edit('binding/forwarded-origin.ts', 'if (!isTrusted(request))', 'if (false)'),
  ],
  [
    'forwarded origin: one line',
    forwarded,
    edit('binding/forwarded-origin.ts', 'only(headers[header] ?? [])', 'headers[header]?.[0]'),
  ],
  [
    'forwarded origin: all that is said agrees',
    forwarded,
    edit('binding/forwarded-origin.ts', 'others.length === 0 ? origin : undefined', 'origin'),
  ],
  [
    'forwarded origin: a host, and nothing around it',
    forwarded,
    edit('binding/forwarded-origin.ts', 'hostAndPort.test(name) && ', ''),
  ],
  [
    'forwarded origin: publicUrl has the last word',
    forwarded,
    edit(
      'binding/target-uri.ts',
      'address.publicUrl ?? forwardedOrigin(request, address.trustedProxies) ??',
      'forwardedOrigin(request, address.trustedProxies) ?? address.publicUrl ??',
    ),
  ],
  [
    'protect (Express): a failure is no pass',
    [`${conformance}/rfc6750`, 'packages/express/test'],
    {
      file: 'packages/express/src/protect.ts',
      find: '      refuse(error, { response, next, onFailure, resourceServer });\n      return;',
      replace: '      void refuse;\n      void error;',
    },
  ],
  [
    'protect (Express): optional is not open',
    ['packages/(express|testing)/test'],
    {
      file: 'packages/express/src/protect.ts',
      find: "authentication === 'optional' && isAssayError(error, 'request.token-missing')",
      replace: "authentication === 'optional'",
    },
  ],
  [
    'scopes: not named in documents where they are not disclosed',
    ['packages/core/test/requirements/scope', 'packages/nest/test/swagger'],
    edit('requirements/scope.ts', 'return disclosed ? { disclosedScopes', 'return true ? { disclosedScopes'),
  ],
  [
    'documents (Nest): what is optional is not what is closed',
    ['packages/nest/test/swagger'],
    {
      file: 'packages/nest/src/swagger/security-of.ts',
      find: "return access === 'optional' ? [{}, ...withToken] : withToken;",
      replace: 'return [{}, ...withToken];',
    },
  ],
  [
    'start (Nest): messages that the guard does not see',
    ['packages/nest/test/(unreached-handlers|message-handlers)'],
    {
      file: 'packages/nest/src/report/message-handlers.ts',
      find: 'const isMissed = judgedBy.length === 0 && judges.global().length > 0;',
      replace: 'const isMissed = false;',
    },
  ],
  [
    'start (Nest): fields that the guard does not see',
    ['packages/nest/test/(unreached-handlers|graphql)'],
    {
      file: 'packages/nest/src/report/resolver-handlers.ts',
      find: "const isSeen = kind === 'root' || reach.fields;",
      replace: 'const isSeen = true;',
    },
  ],
];

/** Checks that no row of the matrices demands in so many words: a test has to go red all the same. */
const withoutRow = new Set([
  'scopes: not named in documents where they are not disclosed',
  'documents (Nest): what is optional is not what is closed',
  'start (Nest): messages that the guard does not see',
  'start (Nest): fields that the guard does not see',
  'narrow the audience by the request',
  'trusted proxies: not everybody',
  'require scope: any of them',
  'require step-up: not for what stays forbidden',
  'require step-up (Nest): no contradiction',
  'require actor: of the issuer of the token',
  'require actor: of the issuer that is named',
  'require actor: nobody who cannot be read',
  'require actor: a short chain',
  'actors: nothing of a token in them',
  'actors: no more scopes than their own',
  'require detail: the identifier',
  'require detail: no audience of another API for a location',
  'require detail: what it has to satisfy',
]);

/** The stores on Redis. No row of the matrices speaks of a store's inside. */
const redisStores = [
  [
    'stores on Redis: a thing once',
    'packages/redis/test/single-redis',
    'packages/redis/src/scripts.ts',
    "if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'replayed' end",
    '',
  ],
  [
    'stores on Redis: a share for each owner',
    'packages/redis/test/single-redis',
    'packages/redis/src/scripts.ts',
    "if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end\n${keep",
    '${keep',
  ],
  [
    'stores on Redis: a share of records',
    'packages/redis/test/single-redis',
    'packages/redis/src/scripts.ts',
    "if isNew and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end",
    '',
  ],
  [
    'stores on Redis: a record that is taken is gone',
    'packages/redis/test/single-redis',
    'packages/redis/src/scripts.ts',
    "redis.call('DEL', KEYS[2])",
    '',
  ],
  [
    'stores on Redis: owners apart',
    'packages/redis/test/single-redis',
    'packages/redis/src/store-keys.ts',
    'digestOf([purpose, scope])',
    "digestOf('')",
  ],
  [
    'stores on Redis: nothing unremembered',
    'packages/redis/test/what-redis-holds',
    'packages/redis/src/scripts.ts',
    "if tonumber(ARGV[2]) <= horizon then return 'expired' end",
    '',
  ],
  [
    'stores on Redis: clocks may differ',
    'packages/redis/test/what-redis-holds',
    'packages/redis/src/scripts.ts',
    '/ 1000) - ARGV[3]',
    '/ 1000)',
  ],
  [
    'stores on Redis: kept until the last expires',
    'packages/redis/test/what-redis-holds',
    'packages/redis/src/scripts.ts',
    "'PEXPIRE', KEYS[1], last - horizon",
    "'PEXPIRE', KEYS[1], ARGV[2] - horizon",
  ],
  [
    'stores on Redis: full is full',
    'packages/redis/test/what-redis-holds',
    'packages/redis/src/scripts.ts',
    "if redis.call('ZCOUNT', KEYS[1], '-inf', horizon) > 0 then",
    'if true then',
  ],
  [
    'stores on Redis: no eviction',
    'packages/redis/test/eviction-policy',
    'packages/redis/src/server-check.ts',
    "if (policy === 'noeviction') return;",
    'return;',
  ],
  [
    'stores on Redis: no eviction on any master',
    'packages/redis/test/eviction-policy',
    'packages/redis/src/server-check.ts',
    'for (const server of servers) refuse',
    'for (const server of servers.slice(0, 1)) refuse',
  ],
  [
    'stores on Redis: the policy is asked for at first use',
    'packages/redis/test/eviction-policy',
    'packages/redis/src/script-call.ts',
    'await check.passed();',
    '',
  ],
  [
    'stores on Redis: the policy is asked for again',
    'packages/redis/test/eviction-policy',
    'packages/redis/src/server-check.ts',
    'clock.nowMs() >= nextCheckMs',
    'false',
  ],
  [
    'stores on Redis: an answer that is not understood',
    'packages/redis/test/redis-stores',
    'packages/redis/src/redis-single-use-store.ts',
    "if (answer !== 'reserved')",
    'if (false)',
  ],
  [
    'stores on Redis: so many calls wait',
    'packages/redis/test/redis-stores',
    'packages/redis/src/bounded-calls.ts',
    'if (waiting >= maximumWaiting)',
    'if (false)',
  ],
  [
    'stores on Redis: no expiry is rounded down',
    'packages/redis/test/redis-stores',
    'packages/redis/src/expiry.ts',
    'Math.ceil',
    'Math.floor',
  ],
].map(([name, suite, file, find, replace]) => ({
  name,
  suites: [suite],
  edits: [{ file, find, replace }],
  rowRequired: false,
}));

/** @type {import('./rules.mjs').Break[]} */
export const stepBreaks = [
  ...steps.map(([name, suites, ...edits]) => ({
    name,
    suites,
    edits,
    rowRequired: !withoutRow.has(name),
  })),
  ...redisStores,
];
