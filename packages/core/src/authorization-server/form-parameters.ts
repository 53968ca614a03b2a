import { AssayError } from '../assay-error.js';

/** The parameters of a form. An empty parameter is absent (RFC 6749 section 3.2). */
export interface FormParameters {
  readonly get: (name: string) => string | undefined;
  /** Every value of a parameter that may be repeated. */
  readonly getAll: (name: string) => readonly string[];
}

// RFC 8707 section 2; RFC 8693 section 2.1.
const repeatable = new Set(['resource', 'audience']);

/**
 * The parameters of a form as it was received, from its text: a parser that merges repeated parameters would hide them.
 *
 * Error: `request.parameter-repeated`.
 * Spec: RFC 6749 section 3.2.
 */
export function parseForm(text: string): FormParameters {
  const parameters = new URLSearchParams(text);
  const seen = new Set<string>();
  for (const name of parameters.keys()) {
    if (seen.has(name) && !repeatable.has(name)) throw new AssayError('request.parameter-repeated');
    seen.add(name);
  }
  const getAll = (name: string) => parameters.getAll(name).filter((value) => value !== '');
  return { get: (name) => getAll(name)[0], getAll };
}

/**
 * The value of a parameter that has to be there.
 *
 * Error: `request.parameter-missing`.
 */
export function requiredParameter(form: FormParameters, name: string): string {
  const value = form.get(name);
  if (value === undefined)
    throw new AssayError('request.parameter-missing', { claim: name, reason: 'missing' });
  return value;
}
