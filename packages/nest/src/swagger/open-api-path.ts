/**
 * The path that `@nestjs/swagger` gives a path of the router: `/orders/:id` is `/orders/{id}`, wildcards are parameters,
 * and what is optional is there.
 */
export function openApiPathOf(path: string): string {
  return path
    .replace(/\(\^[^)]+\)/g, '') // Fastify's expressions that a parameter has to match
    .replace(/::|\[:\]/g, '\\:') // and its ways to write a colon
    .replace(pathToken, (_token, escaped?: string, quoted?: string, name?: string, wildcard?: string) => {
      if (escaped !== undefined) return escaped;
      if (wildcard !== undefined) return '{path}';
      const parameter = quoted ?? name;
      return parameter === undefined ? '' : `{${parameter}}`;
    });
}

const pathToken =
  /\\(.)|[:*]"((?:[^"\\]|\\.)*)"|[:*]([\p{ID_Start}$_][\p{ID_Continue}$]*)|(\(\.\*\)|[*+])|[{}]/gu;

/** What two paths have in common that differ in the names of their parameters alone. */
export function withoutNames(path: string): string {
  return path.replace(/\{[^}]*\}/g, '{}');
}
