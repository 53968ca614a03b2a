import type { ServerResponse } from 'node:http';

/**
 * Has the last word on one header of an answer, whatever the application gives it in the end. `settle` gets that value,
 * empty where there is none.
 */
export function settleHeader(
  response: ServerResponse,
  name: string,
  settle: (given: string) => string,
): void {
  const writeHead = response.writeHead.bind(response) as (...parts: readonly unknown[]) => ServerResponse;
  const isIt = (written: string) => written.toLowerCase() === name.toLowerCase();

  // Every way of answering ends here, and here alone the last word on the headers has been said.
  response.writeHead = (statusCode: number, ...rest: readonly unknown[]) => {
    const reason = rest.filter((part) => typeof part === 'string');
    const given = headerEntries(rest.find((part) => typeof part === 'object' && part !== null));
    const others = given.filter(([written]) => !isIt(written));
    const written = given.filter(([other]) => isIt(other)).map(([, value]) => value);
    const current = written.length > 0 ? written : [response.getHeader(name)];
    response.setHeader(name, settle(current.flat().join(',')));
    return writeHead(statusCode, ...reason, ...(others.length > 0 ? [others.flat(1)] : []));
  };
}

/** The headers that were handed to `writeHead`: an object, a list of pairs, or names and values in turn. */
function headerEntries(headers: unknown): readonly (readonly [string, unknown])[] {
  if (!Array.isArray(headers)) return Object.entries(headers ?? {});
  const list = headers as readonly unknown[];
  if (Array.isArray(list[0])) return list as readonly (readonly [string, unknown])[];
  return list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]] as const] : []));
}
