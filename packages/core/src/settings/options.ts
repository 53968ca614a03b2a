import { SetupError } from '../setup-error.js';

/**
 * The options, if they are an object with no unknown name: a misspelt option would be a rule that is silently off.
 *
 * Throws: `SetupError` naming the option and the nearest known name.
 */
export function knownOptionsOnly(options: unknown, known: readonly string[], where = ''): void {
  if (typeof options !== 'object' || options === null) {
    throw new SetupError({
      option: where === '' ? 'options' : where,
      problem: 'it is not an object',
      remedy: `Give an object with ${known.slice(0, 2).join(' and ')}.`,
    });
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const nearest = known.find((candidate) => isNear(name, candidate));
    throw new SetupError({
      option: where === '' ? name : `${where}.${name}`,
      problem: 'there is no such option',
      remedy: nearest === undefined ? `Known options: ${known.join(', ')}.` : `Did you mean ${nearest}?`,
    });
  }
}

/**
 * A function of the application, or `undefined` where there is none.
 *
 * Throws: `SetupError`.
 */
export function functionIfAny<Given>(given: Given, option: string): Given {
  if (given === undefined || typeof given === 'function') return given;
  throw new SetupError({
    option,
    problem: 'it is not a function',
    remedy: 'Give a function, or leave it out.',
  });
}

/**
 * Whether something is switched on; not, where nothing is said.
 *
 * Throws: `SetupError`.
 */
export function booleanFrom(given: unknown, option: string): boolean {
  if (given === undefined || typeof given === 'boolean') return given ?? false;
  throw new SetupError({
    option,
    problem: 'it is neither true nor false',
    remedy: 'Give true or false, or leave it out.',
  });
}

/** Whether one text becomes the other by changing case, or by one or two edits. */
function isNear(left: string, right: string): boolean {
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  return a === b || editDistance(a, b) <= 2;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
