/** Writes the failure catalogue as a Markdown page. */

/** @typedef {{ step: string, status: number, error: string | undefined, description: string }} Failure */

/** What each group of codes has in common, by the first word of the code and in the order of the page. */
const groups = {
  request:
    'The request itself is wrong: no token, two tokens, or a form that cannot be read. At a resource server, ' +
    '`request.token-missing` is a challenge without an error code (RFC 6750 section 3.1).',
  token:
    'The JWT is not good evidence. At a resource server the status is 401 and the challenge carries the error. At the ' +
    'token endpoint, where the JWT is an assertion, every one of them is answered like `grant.refused`, so that the ' +
    'answer does not tell which issuers are trusted.',
  proof:
    'The DPoP proof does not show that the sender holds the key that the token is bound to (RFC 9449 section 4.3). With ' +
    '`use_dpop_nonce` the answer brings the nonce that the next proof has to hold.',
  scope:
    'The token is good and does not permit this. The challenge names the scopes that are missing, unless told not to.',
  authentication:
    'The token is good, and the user was not authenticated as strongly or as recently as this route needs. The challenge ' +
    'says what is needed (RFC 9470); with another login the same request passes.',
  permission:
    'The token is good and does not permit this, for a reason that is not scope. The caller is not told the policy.',
  client:
    'The client is not who it should be. The status is 401, with a `Basic` challenge, when the client used the ' +
    '`Authorization` header (RFC 6749 section 5.2).',
  grant: 'The grant of a token request is not accepted, or not for what was asked.',
  service:
    'Our own side failed: the evidence may be good or bad, and was not judged. Never a 401, so that nobody throws a good ' +
    'token away. A 503 carries `Retry-After`.',
};

const headings = ['Code', 'Status', '`error`', '`error_description`', 'Step'];

/**
 * The page. The same catalogue gives the same text.
 *
 * @param {Readonly<Record<string, Failure>>} failures
 * @returns {string}
 * @throws {Error} for a code whose first word is not explained
 */
export function renderFailures(failures) {
  const codes = Object.keys(failures);
  const strangers = codes.filter((code) => !Object.hasOwn(groups, groupOf(code)));
  if (strangers.length > 0)
    throw new Error(`Explain the first word of ${strangers.join(', ')} in scripts/failures/render.mjs.`);

  const sections = Object.entries(groups).flatMap(([group, text]) => {
    const rows = codes.filter((code) => groupOf(code) === group).map((code) => rowOf(code, failures[code]));
    return rows.length === 0 ? [] : [`## \`${group}.*\``, text, table([headings, ...rows])];
  });
  return `${[...introduction, ...sections].join('\n\n')}\n`;
}

const introduction = [
  '# Failures',
  'Written by `node scripts/write-failures.mjs` from `packages/core/src/failures.ts`; do not edit by hand.',
  'Whatever Assay refuses, it refuses with an `AssayError` that has one of these codes. Codes are public: new ones are ' +
    'added, none is renamed. The code, `reason` and `claim` are for you, in logs and tests. The caller sees the status, ' +
    '`error` and `error_description`, which say less on purpose and never repeat anything that was received.',
  'A mistake in the configuration is not in this table: it is a `SetupError`, thrown when something is constructed, and it ' +
    'names the option and the remedy.',
];

function groupOf(code) {
  return code.split('.', 1)[0];
}

function rowOf(code, { status, error, description, step }) {
  return [`\`${code}\``, String(status), error === undefined ? '–' : `\`${error}\``, description, step].map(
    (cell) => cell.replaceAll('|', '\\|'),
  );
}

/** A table with aligned columns, as the formatter would leave it. */
function table([head, ...rows]) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
