/** One challenge of a `WWW-Authenticate` header. Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly token68?: string;
  readonly parameters: Readonly<Record<string, string>>;
}

// RFC 9110 sections 5.6.2, 11.2 and 5.6.4. A sender has no need of what recipients merely put up with: white space
// around `=`, empty list elements, text beyond ASCII.
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const token68 = '[A-Za-z0-9\\-._~+/]+=*';
const quotedString = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t \\x21-\\x7e])*"';

const patterns = {
  scheme: new RegExp(token, 'y'),
  space: / /y,
  separator: /, ?/y,
  parameter: new RegExp(`(${token})=(${token}|${quotedString})`, 'y'),
  token68: new RegExp(`${token68}(?=,|$)`, 'y'),
} as const;

/**
 * The challenges of one `WWW-Authenticate` field value, by the grammar of RFC 9110 section 11.6.1 as a sender has to
 * keep it.
 *
 * Throws when the value does not follow the grammar, or when a challenge has a parameter twice (section 11.2).
 */
export function parseChallenges(value: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;

  const take = (name: keyof typeof patterns): RegExpExecArray | undefined => {
    const pattern = patterns[name];
    pattern.lastIndex = at;
    const match = pattern.exec(value);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  };

  const fail = (expected: string): never => {
    throw new Error(`WWW-Authenticate: expected ${expected} at character ${String(at)}`);
  };

  const takeParameters = (parameters: Record<string, string>): void => {
    for (let match = take('parameter'); match !== undefined; match = take('parameter')) {
      const name = (match[1] ?? '').toLowerCase();
      if (Object.hasOwn(parameters, name)) throw new Error(`WWW-Authenticate: parameter ${name} is repeated`);
      parameters[name] = unquoted(match[2] ?? '');
      const beforeSeparator = at;
      if (take('separator') === undefined) return;
      const startOfNext = at;
      if (take('parameter') === undefined) {
        at = beforeSeparator;
        return;
      }
      at = startOfNext;
    }
  };

  const takeChallenge = (): Challenge => {
    const scheme = take('scheme')?.[0].toLowerCase() ?? fail('a scheme');
    if (take('space') === undefined) return { scheme, parameters: {} };
    const credentials = take('token68');
    if (credentials !== undefined) return { scheme, token68: credentials[0], parameters: {} };
    const parameters: Record<string, string> = {};
    takeParameters(parameters);
    if (Object.keys(parameters).length === 0) fail('a parameter');
    return { scheme, parameters };
  };

  do challenges.push(takeChallenge());
  while (take('separator') !== undefined);
  if (at !== value.length) fail('the end or a comma');
  return challenges;
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}
