import type { ResourceIdentifier } from './resource-identifier.js';

/**
 * Which of some resources a request is for, by its path: the one whose path leads farthest towards it. The only one there
 * is, where there is one; `undefined` where several, or none, come into question.
 */
export function resourceAtPath(
  resources: readonly ResourceIdentifier[],
  requestTarget: string | undefined,
  publicUrl: string | undefined,
): ResourceIdentifier | undefined {
  if (resources.length === 1) return resources[0];
  if (requestTarget === undefined) return undefined;
  const inFront = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
  const requested = inFront + requestTarget.replace(/[?#].*$/s, '');
  const above = resources.filter(({ path }) => isAtOrBelow(requested, path));
  const farthest = Math.max(...above.map(({ path }) => withoutLastSlash(path).length));
  const candidates = above.filter(({ path }) => withoutLastSlash(path).length === farthest);
  return candidates.length === 1 ? candidates[0] : undefined;
}

function isAtOrBelow(requested: string, path: string): boolean {
  const folder = withoutLastSlash(path);
  return requested === folder || requested.startsWith(`${folder}/`);
}

function withoutLastSlash(path: string): string {
  return path.replace(/\/$/, '');
}
